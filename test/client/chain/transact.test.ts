import { expect } from "chai";
import { type Address, createPublicClient, custom, parseGwei } from "viem";

import { senderOf, waitForSuccess } from "@compute-credits/client/chain/transact";
import { wallets } from "../../../scripts/local/wallets.ts";
import { type LocalContract, startContract } from "../../fixtures/localContract.ts";

const { alice, bob } = wallets;
const to = bob.account.address;

describe("waitForSuccess, while a wallet replaces its transaction", () => {
  let local: LocalContract;
  before(async () => {
    local = await startContract("TestDollar");
    await local.chain.setAutomine(false);
  });
  after(() => local.stop());

  /** Sends one wei, and in its place what `other` sends with a higher fee. */
  async function replacedBy(other: { readonly to?: Address; readonly value: bigint }) {
    const { wallet } = local.as(alice);
    const nonce = await local.client.getTransactionCount({ address: alice.account.address });
    const sender = { ...senderOf(wallet), nonce };
    const first = await wallet.sendTransaction({ ...sender, to, value: 1n, ...fees("20") });

    const seen = Promise.withResolvers<undefined>();
    const provider = {
      request: async (asked: { method: string; params?: unknown }) => {
        const answer: unknown = await local.chain.transport.request(asked);
        if (asked.method === "eth_getTransactionByHash") seen.resolve(undefined);
        return answer;
      },
    };
    const client = createPublicClient({ transport: custom(provider), pollingInterval: 50 });
    const waiting = waitForSuccess(client, first);
    waiting.catch(() => undefined);
    await seen.promise;
    const second = await wallet.sendTransaction({ ...sender, to, ...other, ...fees("40") });
    await local.chain.mine({ blocks: 1 });
    return { waiting, second };
  }

  it("resolves with the same transaction at a higher fee", async () => {
    const { waiting, second } = await replacedBy({ value: 1n });
    expect((await waiting).transactionHash).to.equal(second);
  });

  it("rejects if the wallet cancelled it, or sent something else", async () => {
    for (const other of [{ to: alice.account.address, value: 0n }, { value: 2n }]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { waiting } = await replacedBy(other);
      // oxlint-disable-next-line no-await-in-loop
      const failure = await waiting.catch((error: unknown) => error);
      expect(failure).to.include({ reason: "transaction_replaced" });
    }
  });
});

function fees(gwei: `${number}`) {
  return { maxFeePerGas: parseGwei(gwei), maxPriorityFeePerGas: parseGwei(gwei) };
}
