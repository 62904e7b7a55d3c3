import assert from "node:assert/strict";

import { createTestClient, http, parseUnits } from "viem";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { buyCredits, requestRefund, settleRow } from "@compute-credits/client/chain/credits";
import { ApiProblem } from "@compute-credits/client/http/api";
import { readDebits } from "@compute-credits/client/insight/readDebits";
import { type ProvenRow, createMeteringClient } from "@compute-credits/client/http/meteringClient";
import { createReadAccess } from "@compute-credits/client/wallet/logAccess";
import { signAllowance } from "@compute-credits/client/wallet/signedAllowance";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { testDollarAbi } from "@compute-credits/protocol/abi/testDollar";
import { formatCredits, parseCredits } from "@compute-credits/protocol/amounts";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { firstHoldMicros, playBatch } from "../../examples/batch/play.ts";
import { INSTALL, hasWeights } from "../../examples/inference/installed.ts";
import { type Parties, openParties } from "../../examples/parties.ts";
import { LOCAL_WINDOWS, localClient, localWallet } from "../local/deployLocal.ts";
import { HARDHAT_CHAIN } from "../local/hardhatChain.ts";
import type { LocalStack } from "../local/localStack.ts";
import { mintDollars } from "../local/mintDollars.ts";
import { wallets } from "../local/wallets.ts";
import { eventually } from "../local/eventually.ts";

/** The chain's numbers at the end of the story. The ledger's equal them. */
export interface StoryEnd {
  readonly purchasedMicros: bigint;
  readonly spentMicros: bigint;
  readonly earnedMicros: bigint;
  readonly refundedMicros: bigint;
  /** how many charges rounded their fee */
  readonly charges: bigint;
  /** what the vault still holds, in the token's smallest unit */
  readonly vaultTokens: bigint;
}

/** Of a job that comes to its end, and of one that its budget ends. */
const PARTS = 12;
const TOO_MANY_PARTS = 100_000;

/**
 * Plays the whole story on a local stack: buy, allow, work, debit, checkpoint, claim, synchronise,
 * refund. `say` gets each line. Throws if a number does not come out right.
 */
export async function playStory(stack: LocalStack, say: (line: string) => void): Promise<StoryEnd> {
  const { rpcUrl, contract, token, server } = stack;
  const { deployment } = server.context.chain;
  const client = localClient(rpcUrl);
  const chain = createTestClient({
    chain: HARDHAT_CHAIN,
    mode: "hardhat",
    transport: http(rpcUrl),
  });
  const alice = wallets.alice.account.address;
  const provider = wallets.provider.account.address;
  const asAlice = { wallet: localWallet(rpcUrl, wallets.alice), client, contract };
  const asProvider = { wallet: localWallet(rpcUrl, wallets.provider), client, contract };
  // Each party reads its own balance.
  const metering = createMeteringClient(server.url, {
    authorization: createReadAccess(asAlice.wallet, deployment),
  });
  const meteringOfProvider = createMeteringClient(server.url, {
    authorization: createReadAccess(asProvider.wallet, deployment),
  });

  const dollars = (account: `0x${string}`) =>
    client.readContract({
      address: token,
      abi: testDollarAbi,
      functionName: "balanceOf",
      args: [account],
    });
  const credits = (account: `0x${string}`) =>
    client.readContract({
      address: contract,
      abi: computeCreditsAbi,
      functionName: "balanceOf",
      args: [account],
    });

  const by = wallets.alice.account;
  await mintDollars(asAlice, { token, by, to: alice, tokenAmount: parseUnits("50", 6) });

  say("1. A wallet buys credits");
  const bought = parseCredits("1000");
  const purchase = await buyCredits(asAlice, { account: alice, creditMicros: bought });
  say(
    `   ${formatCredits(bought)} credits for ${inDollars(purchase.tokenAmount)} dollars, ${receiptText(purchase.receipt)}`,
  );
  await eventually("the purchase in the ledger", async () => {
    const { purchasedMicros } = await metering.balance(alice);
    return purchasedMicros === bought;
  });

  say("2. It signs an allowance for an API key: 400 credits, no transaction");
  const apiKey = createApiKey();
  const signed = await signAllowance(asAlice.wallet, deployment, {
    spender: apiKeySpender(apiKey),
    limitMicros: parseCredits("400"),
    accountCapMicros: parseCredits("400"),
    counter: (await metering.balance(alice)).counter,
  });
  const { id } = await metering.addAllowance(signed, { apiKey });
  say(`   allowance ${id}`);

  const parties = await openParties({ server: server.url, rpc: rpcUrl }, wallets.alice);
  say("3. A provider serves embeddings: the gateway charges their tokens to the key");
  const inference = await playedInference(server.url, { parties, apiKey, say });

  say("4. It runs batch jobs: the meter agent charges their CPU and memory, within a budget");
  const deps = { server: server.url, parties, say: indented(say), isTerminal: false };
  const whole = await playBatch(deps, { budgetMicros: parseCredits("0.1"), count: PARTS });
  assert(whole.isDone, "a job that its budget covers comes to its end");
  const least = await firstHoldMicros(server.url);
  const small = await playBatch(deps, { budgetMicros: least, count: TOO_MANY_PARTS });
  assert(!small.isDone && small.why === "credit_ended", "a budget ends the job");
  assert(small.costMicros <= least, "no job costs more than its budget");
  const costMicros = inference + whole.costMicros + small.costMicros;

  say("5. Its usage is debited at once");
  const debited = await metering.balance(alice);
  assert.equal(debited.spentMicros, costMicros, "what was charged is what the outcomes said");
  say(
    `   ${formatCredits(costMicros)} credits; ${formatCredits(debited.availableMicros)} are left`,
  );

  say("6. A signed checkpoint settles every party in one transaction");
  const { earnedMicros } = await meteringOfProvider.balance(provider);
  const first = await finalProof(alice, ({ row }) => row.spent === costMicros);
  const fee = costMicros - earnedMicros;
  say(`   epoch ${first.epoch}, root ${first.root}, ${await checkpointText(first.epoch)}`);

  say("7. The provider claims its earnings, as tokens");
  const earningsRow = await metering.proof(provider);
  assert.equal(earningsRow.row.earned, earnedMicros, "the row pays what was earned");
  const before = await dollars(provider);
  const claim = await settleRow(asProvider, earningsRow);
  const claimed = (await dollars(provider)) - before;
  say(
    `   ${formatCredits(earnedMicros)} credits (fee ${formatCredits(fee)}) are ${inDollars(claimed)} dollars, ${receiptText(claim)}`,
  );

  say("8. The wallet's balance on chain is synchronised: what was spent is burned");
  const sync = await settleRow(asAlice, first);
  assert.equal(await credits(alice), bought - costMicros, "the chain shows what the ledger shows");
  say(`   ${formatCredits(await credits(alice))} credits on chain, ${receiptText(sync)}`);

  say("9. It takes its unspent credits back, without asking anyone");
  const unspent = await credits(alice);
  const dollarsBefore = await dollars(alice);
  const request = await requestRefund(asAlice, unspent);
  say(`   asked for ${formatCredits(unspent)} credits, ${receiptText(request)}`);
  await finalProof(alice, ({ row }) => row.refunded === unspent);
  await eventually("the refund", async () => (await credits(alice)) === 0n);
  const refundedTokens = (await dollars(alice)) - dollarsBefore;
  say(`   ${inDollars(refundedTokens)} dollars are back`);

  say("10. The books balance, checked against the chain");
  const end = await checkState(refundedTokens);
  say(
    `   purchased ${formatCredits(end.purchasedMicros)} = spent ${formatCredits(end.spentMicros)} + refunded ${formatCredits(end.refundedMicros)}`,
  );
  say(
    `   spent ${formatCredits(end.spentMicros)} = earned ${formatCredits(end.earnedMicros)} + fee ${formatCredits(fee)}; ${inDollars(end.vaultTokens)} dollars in the vault cover the fee`,
  );
  return end;

  /**
   * Waits for a final checkpoint in which `holds` is true of the party's row. Moves the chain's
   * clock over the dispute window of a pending one.
   */
  async function finalProof(
    party: `0x${string}`,
    holds: (proven: ProvenRow) => boolean,
  ): Promise<ProvenRow> {
    return await eventually("a final checkpoint", async () => {
      // The next one may be prepared already, and waits for the one that is pending.
      const newest = await server.context.checkpoints.list({ before: null, limit: 2 });
      if (newest.some(({ status }) => status === "pending")) {
        await chain.increaseTime({ seconds: LOCAL_WINDOWS.disputeWindowSeconds });
        await chain.mine({ blocks: 1 });
      }
      const proven = await metering.proof(party).catch(nullWhereMissing);
      return proven !== null && holds(proven) ? proven : null;
    });
  }

  async function checkpointText(epoch: bigint): Promise<string> {
    const checkpoint = await server.context.checkpoints.byEpoch(epoch);
    assert(checkpoint?.transactionHash, "a final checkpoint has a transaction");
    return receiptText(await client.getTransactionReceipt({ hash: checkpoint.transactionHash }));
  }

  async function checkState(tokensBack: bigint): Promise<StoryEnd> {
    const ledger = await metering.balance(alice);
    const [purchased, spent, refunded] = await client.readContract({
      address: contract,
      abi: computeCreditsAbi,
      functionName: "party",
      args: [alice],
    });
    const vaultTokens = await dollars(contract);
    const { debits } = await readDebits(metering.api, { account: lowercaseHex(alice), limit: 100 });
    assert.deepEqual(
      [purchased, spent, refunded],
      [ledger.purchasedMicros, ledger.spentMicros, ledger.refundedMicros],
      "the ledger and the chain agree",
    );
    assert.equal(purchased, spent + refunded, "every credit was spent or refunded");
    assert.equal(spent, earnedMicros + fee, "what was spent was earned, but for the fee");
    const paidIn = purchase.tokenAmount;
    assert.equal(
      vaultTokens,
      paidIn - claimed - tokensBack,
      "the vault holds exactly what was paid in and not paid out",
    );
    return {
      purchasedMicros: purchased,
      spentMicros: spent,
      earnedMicros,
      refundedMicros: refunded,
      charges: BigInt(debits.length),
      vaultTokens,
    };
  }
}

/** The cost of the example, or 0 if its weights are not installed. */
async function playedInference(
  server: string,
  {
    parties,
    apiKey,
    say,
  }: {
    readonly parties: Parties;
    readonly apiKey: string;
    readonly say: (line: string) => void;
  },
): Promise<bigint> {
  if (!hasWeights()) {
    say(`   (left out, because its weights are not installed: ${INSTALL})`);
    return 0n;
  }
  // Only here: without the weights it could not be loaded.
  const { playInference } = await import("../../examples/inference/play.ts");
  const { costMicros } = await playInference({ server, parties, say: indented(say) }, apiKey);
  return costMicros;
}

function indented(say: (line: string) => void): (line: string) => void {
  return (line) => say(`   ${line}`);
}

function nullWhereMissing(error: unknown): null {
  if (error instanceof ApiProblem && error.reason === "row_not_found") return null;
  throw error;
}

function inDollars(tokenAmount: bigint): string {
  return formatCredits(tokenAmount);
}

function receiptText({
  gasUsed,
  transactionHash,
}: {
  gasUsed: bigint;
  transactionHash: string;
}): string {
  return `gas ${gasUsed}, transaction ${transactionHash}`;
}
