import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { expect } from "chai";
import { pino } from "pino";
import { createPublicClient, http, numberToHex } from "viem";
import { z } from "zod";

import { readPurchases } from "@compute-credits/client/chain/readPurchases";
import { createChainReader } from "@compute-credits/platform/chain/viemChainReader";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { readAuditorConfig } from "../../auditor/config.ts";
import { openAuditor } from "../../auditor/startAuditor.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { readConfig } from "../../server/config.ts";
import { type RunningServer, serve } from "../../server/serve.ts";
import { type FaultyRpc, startFaultyRpc } from "../fixtures/faultyRpc.ts";
import { type LocalContract, startContract } from "../fixtures/localContract.ts";
import { addressOf } from "../fixtures/meteredStack.ts";
import { newAuditorDatabase, newLedgerDatabase } from "../fixtures/postgresServer.ts";
import { rollupWithVaultOf } from "../fixtures/rollup.ts";

const { alice, signer } = wallets;

/** What the contract saw as its block's number: the other chain is older than this one. */
const OTHER_CHAINS_BLOCK = 21_000_000n;

const Filter = z.object({ toBlock: z.string().optional() });

describe("a rollup whose contracts see another chain's block numbers", () => {
  const silent = pino({ level: "silent" });
  let local: LocalContract;
  let rpc: FaultyRpc;
  let ledgerUrl: string;
  let auditorUrl: string;
  let deployedIn: bigint;

  before(async () => {
    local = await startContract();
    deployedIn = await local.client.readContract({
      address: local.contract,
      abi: computeCreditsAbi,
      functionName: "deploymentBlock",
    });
    rpc = await startFaultyRpc(local.rpcUrl);
    [ledgerUrl, auditorUrl] = [await newLedgerDatabase(), await newAuditorDatabase()];
    await local.buy(alice, 1_000n);
  });
  beforeEach(() => contractSaw(OTHER_CHAINS_BLOCK));
  after(async () => {
    await rpc.stop();
    await local.stop();
  });

  const contractSaw = (block: bigint) => rpc.meddle(rollupWithVaultOf(block));

  /** The endpoint lacks the logs of the deployment's block, too. */
  function prune(): void {
    const answer = rollupWithVaultOf(OTHER_CHAINS_BLOCK);
    rpc.meddle((call, ask) =>
      call.method === "eth_getLogs" &&
      Filter.parse(call.params[0]).toBlock === numberToHex(deployedIn)
        ? { result: [] }
        : answer(call, ask),
    );
  }

  async function start(more: Readonly<Record<string, string>>): Promise<RunningServer> {
    const environment = {
      RPC_URL: rpc.url,
      CONTRACT_ADDRESS: local.contract,
      DATABASE_URL: ledgerUrl,
      PORT: "0",
      CONFIRMATIONS: "0",
      POLL_MILLISECONDS: "100",
      ...more,
    };
    return await serve(readConfig(environment), silent);
  }

  /** Why no ledger begins at the named block, or at the contract's. */
  async function refusal(named: bigint | null): Promise<string> {
    const chain = await createChainReader([rpc.url], local.contract);
    const failure = await chain.origin({ named, isKnown: false }).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(ConfigError);
    return String(failure);
  }

  it("has no origin by the contract's number, above the head or below it", async () => {
    const said = await refusal(null);
    expect(said).to.include(`not deployed in block ${OTHER_CHAINS_BLOCK}, as the contract says`);
    expect(said).to.include("set DEPLOYMENT_BLOCK to the chain's own number of that block");
    contractSaw(1n);
    expect(await refusal(null)).to.include(
      "block 1, as the contract says: its constructor left no",
    );
  });

  it("has no origin by a number above the head, or of another block", async () => {
    const head = await local.client.getBlockNumber();
    expect(await refusal(head + 1n)).to.include(`the chain's newest block is ${head}`);
    expect(await refusal(deployedIn - 1n)).to.include("left no log there");
    expect(await refusal(deployedIn + 1n)).to.include("left no log there");
  });

  it("has the origin of a ledger that began there, though its logs were pruned since", async () => {
    prune();
    const chain = await createChainReader([rpc.url], local.contract);
    expect(await refusal(deployedIn)).to.include("an endpoint that keeps logs so old");
    const { number } = await chain.origin({ named: deployedIn, isKnown: true });
    expect(number).to.equal(deployedIn - 1n);
  });

  it("is metered, audited and verified from DEPLOYMENT_BLOCK on", async () => {
    const server = await start({ DEPLOYMENT_BLOCK: `${deployedIn}` });
    await using stack = new AsyncDisposableStack();
    try {
      await eventually("the purchase in the ledger", async () => {
        const { purchased } = await server.context.accounts.balance(addressOf(alice));
        return purchased === 1_000n;
      });
      // Nothing was deferred, but all blocks were searched: above the head the search never starts.
      await eventually("the search for deferred payouts", () => server.context.payouts.read());

      // The auditor needs no setting, and believes the server no other block.
      const auditor = await openAuditor(auditorConfig(server.url), silent, stack);
      expect(await auditor.step()).to.equal("done");

      // Nor does the client.
      const { code, text } = await verify(server.url);
      expect(text).to.include("its 1 purchase events up to block");
      expect(code).to.equal(0);
    } finally {
      await server.stop();
    }
  });

  it("reads no purchases from a guessed block", async () => {
    const on = {
      client: createPublicClient({ transport: http(rpc.url) }),
      contract: local.contract,
    };
    const head = await local.client.getBlockNumber();
    for (const deploymentBlock of [null, deployedIn + 1n, head + 1n]) {
      // oxlint-disable-next-line no-await-in-loop -- three requests
      const failure = await readPurchases({ ...on, deploymentBlock }, addressOf(alice), head).catch(
        (error: unknown) => error,
      );
      expect(failure).to.have.property("reason", "unknown_deployment_block");
    }
  });

  function auditorConfig(serverUrl: string) {
    return readAuditorConfig({
      SERVER_URL: serverUrl,
      RPC_URL: rpc.url,
      CONTRACT_ADDRESS: local.contract,
      AUDITOR_PRIVATE_KEY: signer.privateKey,
      AUDITOR_DATABASE_URL: auditorUrl,
      CONFIRMATIONS: "0",
    });
  }

  async function verify(server: string) {
    const line = `--account ${addressOf(alice)} --contract ${local.contract} --rpc ${rpc.url}`;
    const words = ["scripts/verify.ts", ...line.split(" "), "--server", server];
    return await promisify(execFile)(process.execPath, words).then(
      ({ stdout }) => ({ code: 0, text: stdout }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
        code,
        text: stdout + stderr,
      }),
    );
  }
});
