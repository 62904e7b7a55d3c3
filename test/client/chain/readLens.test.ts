import { expect } from "chai";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { readAccount, readClaim, readVault } from "@compute-credits/client/chain/readLens";
import { deployContract } from "../../../scripts/local/deployLocal.ts";
import { wallets } from "../../../scripts/local/wallets.ts";
import { type LocalContract, startContract } from "../../fixtures/localContract.ts";

const { alice } = wallets;
const account = alice.account.address;
const CREDIT = 1_000_000n;

describe("reading a vault through the lens", () => {
  let local: LocalContract;
  let connection: Parameters<typeof readVault>[0];

  before(async () => {
    local = await startContract();
    const { client, contract, rpcUrl } = local;
    connection = { client, contract, lens: await deployContract(rpcUrl, "CreditsLens", []) };
    await local.buy(alice, 10n * CREDIT);
    const wallet = local.as(alice);
    const hash = await wallet.wallet.writeContract({
      address: contract,
      abi: computeCreditsAbi,
      functionName: "requestRefund",
      args: [4n * CREDIT],
      account: alice.account,
      chain: client.chain,
    });
    await client.waitForTransactionReceipt({ hash });
  });
  after(() => local.stop());

  it("gives of an account what the single calls give", async () => {
    const at = { address: local.contract, abi: computeCreditsAbi } as const;
    const [balance, request, counter, recipient, raisedAt, grace] = await Promise.all([
      local.client.readContract({ ...at, functionName: "balanceOf", args: [account] }),
      local.client.readContract({ ...at, functionName: "refundRequestOf", args: [account] }),
      local.client.readContract({ ...at, functionName: "counterOf", args: [account] }),
      local.client.readContract({ ...at, functionName: "recipientOf", args: [account] }),
      local.client.readContract({ ...at, functionName: "counterEndedAt", args: [account, 0n] }),
      local.client.readContract({ ...at, functionName: "counterGraceSeconds" }),
    ]);
    expect(await readAccount(connection, account)).to.deep.equal({
      balance,
      purchased: 10n * CREDIT,
      spent: 0n,
      refunded: 0n,
      earned: 0n,
      request,
      dueMicros: 4n * CREDIT,
      owedTokens: 0n,
      recipient,
      counter,
      counterRaisedAt: raisedAt,
      counterGraceEndsAt: raisedAt + grace,
      coveredSpentMicros: 0n,
      frozenAt: 0,
    });
    expect(request.requestedMicros).to.equal(4n * CREDIT);
    expect(counter).to.equal(1n);
  });

  it("gives of the vault what the single calls give", async () => {
    const at = { address: local.contract, abi: computeCreditsAbi } as const;
    const [final, pending, window] = await Promise.all([
      local.client.readContract({ ...at, functionName: "finalCheckpoint" }),
      local.client.readContract({ ...at, functionName: "pendingCheckpoint" }),
      local.client.readContract({ ...at, functionName: "refundWindowSeconds" }),
    ]);
    const shown = await readVault(connection);
    expect(shown).to.deep.include({
      supply: 10n * CREDIT,
      purchased: 10n * CREDIT,
      claimableFeesMicros: 0n,
      finalCheckpoint: final,
      pendingCheckpoint: pending,
      heldTokens: await local.dollarsOf(local.contract),
      frozenAt: 0,
      paused: false,
    });
    expect(shown.windows.refundWindowSeconds).to.equal(window);
    expect(shown.token.toLowerCase()).to.equal(local.token.toLowerCase());
  });

  it("gives nothing to claim while no checkpoint is final", async () => {
    const row = { party: account, spent: CREDIT, refunded: CREDIT, earned: CREDIT };
    expect(await readClaim(connection, row)).to.deep.equal({
      spentMicros: CREDIT,
      refundedMicros: 0n,
      earnedMicros: 0n,
      payoutTokens: 0n,
    });
  });
});
