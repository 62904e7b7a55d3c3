import { expect } from "chai";
import { type Hex, toFunctionSelector } from "viem";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { createChainReader } from "@compute-credits/platform/chain/viemChainReader";
import { createVaultReader } from "@compute-credits/platform/chain/viemVaultReader";
import { type FaultyRpc, startFaultyRpc } from "../../fixtures/faultyRpc.ts";
import { type LocalContract, startContract } from "../../fixtures/localContract.ts";

const ACCOUNT: Hex = `0x${"ac".repeat(20)}`;
const REVERTED = { error: { code: 3, message: "execution reverted" } };

/**
 * A call of several fails at once, and one that others need answers late. An error that nothing waits
 * for yet would end the process.
 */
describe("a read of the chain of which one call fails at once", () => {
  let local: LocalContract;
  let rpc: FaultyRpc;
  let chain: ChainReader;
  const unhandled: unknown[] = [];
  const keep = (reason: unknown) => unhandled.push(reason);

  before(async () => {
    process.on("unhandledRejection", keep);
    local = await startContract();
    rpc = await startFaultyRpc(local.rpcUrl);
  });
  beforeEach(async () => {
    rpc.meddle((_call, ask) => ask());
    chain = await createChainReader([rpc.url], local.contract);
  });
  afterEach(() => expect(unhandled.splice(0)).to.deep.equal([]));
  after(async () => {
    process.off("unhandledRejection", keep);
    await Promise.all([rpc.stop(), local.stop()]);
  });

  /** Lets calls of these functions fail, and holds back the answers to `late` until one has. */
  function fail(functions: readonly string[], late: string): void {
    const { promise: failed, resolve } = Promise.withResolvers<void>();
    const failing = functions.map((signature) => toFunctionSelector(signature));
    rpc.meddle(async (call, ask) => {
      const data = JSON.stringify(call.params[0]);
      if (failing.some((selector) => data?.includes(selector))) {
        setTimeout(resolve, 100);
        return REVERTED;
      }
      // If the calls that fail come only after this one, nothing fails too early.
      if (data?.includes(toFunctionSelector(late))) {
        await Promise.race([failed, new Promise((end) => setTimeout(end, 500))]);
      }
      return await ask();
    });
  }

  it("rejects: the vault's totals", async () => {
    const vault = createVaultReader([rpc.url], local.deployment);
    fail(["function totalSupply()", "function settledTotals()"], "function token()");
    const failure = await vault.totalsAt(await local.client.getBlockNumber()).catch(String);
    expect(failure).to.match(/totalSupply|settledTotals/);
  });

  it("rejects: the state of a counter", async () => {
    fail(["function counterOf(address)"], "function court()");
    const failure = await chain.counterState(ACCOUNT, 0n).catch(String);
    expect(failure).to.include("counterOf");
  });

  it("rejects: whether a challenge is open", async () => {
    fail(["function drops()"], "function court()");
    const failure = await chain.isChallengeOpen(ACCOUNT, ACCOUNT).catch(String);
    expect(failure).to.include("drops");
  });
});
