import { randomUUID } from "node:crypto";

import { expect } from "chai";
import { type Abi, type Address, type Hex, encodeFunctionData, parseAbi } from "viem";

import { reportUsage } from "@compute-credits/api/usage/usage";
import { type Shortage, createApi, hold, preview, shortageOf } from "@compute-credits/client";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { localClient, localWallet } from "../../scripts/local/deployLocal.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { mintDollars } from "../../scripts/local/mintDollars.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";

const { alice, bob, provider } = wallets;

describe("a 402", () => {
  let stack: MeteredStack;
  let providerKey: string;
  let spender: Hex;

  before(async () => {
    // A dollar buys 7 credits, so that prices have fractions.
    stack = await startMeteredStack("PGlite", { terms: { creditMicrosPerToken: 7_000_000n } });
    providerKey = await stack.registerProvider(provider);
    const signed = await stack.sign(alice);
    await stack.store(signed);
    ({ spender } = signed.allowance);
    await stack.context.providers.grantAccess({ spender, provider: addressOf(provider) });
  });
  after(async () => {
    await stack.stop();
  });

  const asProvider = () => createApi(stack.server.url, { key: providerKey });

  const eventOf = (work: object) => ({
    ...cloudEvent(spender, work),
    specversion: "1.0" as const,
    type: "compute-credits.usage.v1" as const,
  });

  /** All that the program has besides the 402: a wallet with tokens, and an endpoint of the chain. */
  async function buyWhatIsMissing({ chainId, buy }: Shortage): Promise<bigint> {
    if (buy === null || buy.tokenAmount === null) throw new Error("nothing to buy");
    const [wallet, client] = [localWallet(stack.rpcUrl, bob), localClient(stack.rpcUrl)];
    const sender = { account: bob.account, chain: wallet.chain };
    expect(wallet.chain?.id).to.equal(chainId);
    const { contract, token, tokenAmount, account, creditMicros } = buy;
    for (const { to, declared, args } of [
      { to: token, declared: buy.approve, args: [contract, tokenAmount] },
      { to: contract, declared: buy.function, args: [account, creditMicros] },
    ]) {
      const abi: Abi = parseAbi([declared]);
      const data = encodeFunctionData({ abi, args });
      // oxlint-disable-next-line no-await-in-loop -- the token is approved before it is paid
      const hash = await wallet.sendTransaction({ ...sender, to, data });
      // oxlint-disable-next-line no-await-in-loop
      await client.waitForTransactionReceipt({ hash });
    }
    return tokenAmount;
  }

  async function give(to: Address, tokenAmount: bigint): Promise<void> {
    const by = bob.account;
    await mintDollars(stack.as(bob), { token: stack.token, by, to, tokenAmount });
  }

  it("is enough to buy exactly what is missing, and then to succeed", async () => {
    const work = { meter: "requests", quantity: 3 };
    const event = eventOf(work);
    const shortage = await refused(asProvider().call(reportUsage, { body: event }));
    expect(shortage).to.include({
      reason: "insufficient_credits",
      server: stack.server.url,
      chainId: 31_337,
      contract: stack.contract.toLowerCase(),
      account: addressOf(alice),
      missingMicros: 30_000n,
    });
    // 30,000 micro-credits at 7,000,000 a dollar of 1,000,000 units: 4,285.71 units, rounded up.
    expect(shortage.buy).to.deep.include({
      creditMicros: 30_000n,
      token: stack.token.toLowerCase(),
      tokenAmount: 4_286n,
      docs: `${stack.server.url}/llms.txt`,
    });

    await give(addressOf(bob), 4_286n);
    expect(await buyWhatIsMissing(shortage)).to.equal(4_286n);
    expect(await stack.dollarsOf(addressOf(bob))).to.equal(0n);
    const paid = await eventually("the purchase in the ledger", async () =>
      createApi(shortage.server, { key: providerKey })
        .call(reportUsage, { body: event })
        .catch(() => null),
    );
    expect(paid).to.include({ result: "debited", costMicros: 30_000n });
    const { purchased, spent } = await stack.context.accounts.balance(addressOf(alice));
    expect({ purchased, spent }).to.deep.equal({ purchased: 30_000n, spent: 30_000n });
  });

  it("says the same of usage, a batch, a hold and a preview", async () => {
    const work = { meter: "requests", quantity: 1 };
    const ofUsage = await refused(asProvider().call(reportUsage, { body: eventOf(work) }));
    const ofHold = await refused(
      hold(asProvider(), { id: randomUUID(), spender, ...work, ttlSeconds: 60 }),
    );
    const { previews } = await preview(asProvider(), { spender, measurements: [work] });
    const batch = await stack.request("/v1/usage", {
      body: [eventOf(work)],
      key: providerKey,
    });
    const [ofPreview] = previews.map((one) => ("problem" in one ? shortageOf(one.problem) : null));
    expect(ofHold).to.deep.equal(ofUsage);
    expect(ofPreview).to.deep.equal(ofUsage);
    expect(batch.document).to.have.nested.property(
      "outcomes.0.problem.buy.tokenAmount",
      `${ofUsage.buy?.tokenAmount}`,
    );
  });
});

async function refused(attempt: Promise<unknown>): Promise<Shortage> {
  const error = await attempt.catch((thrown: unknown) => thrown);
  if (!(error instanceof CreditsError) || error.shortage === null) throw error;
  expect(error.status).to.equal(402);
  return error.shortage;
}
