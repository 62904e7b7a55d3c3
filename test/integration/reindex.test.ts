import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";
import { pino } from "pino";

import { createMeteringClient } from "@compute-credits/client/http/meteringClient";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { signAllowance } from "@compute-credits/client/wallet/signedAllowance";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { deployLocal } from "../../scripts/local/deployLocal.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { startLocalAuditor } from "../../scripts/local/localAuditor.ts";
import { startLocalChain } from "../../scripts/local/localChain.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { readConfig } from "../../server/config.ts";
import { serve } from "../../server/serve.ts";
import { startFaultyRpc } from "../fixtures/faultyRpc.ts";
import { send } from "../fixtures/http.ts";
import { usageEvent } from "../fixtures/ledger.ts";
import { contractAt } from "../fixtures/localContract.ts";
import { addressOf } from "../fixtures/meteredStack.ts";
import { pgliteFolder } from "../fixtures/pgliteTemplate.ts";
import { newAuditorDatabase, newLedgerDatabase } from "../fixtures/postgresServer.ts";

const { alice, auditor, operator, provider, signer } = wallets;
const silent = pino({ level: "silent" });
const execute = promisify(execFile);

const newFolder = () => mkdtemp(join(tmpdir(), "compute-credits-test-"));

/** A folder with an empty embedded ledger. */
async function pgliteCopy(): Promise<string> {
  const folder = await newFolder();
  await cp(await pgliteFolder("ledger"), folder, { recursive: true });
  return folder;
}

/** A server whose only endpoint can hide everything that happens, and receipts too. */
async function startStage(database: Readonly<Record<string, string>>, folder: string) {
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const chain = await startLocalChain(0);
  stack.defer(() => chain.stop());
  const signers = [signer, auditor].map(addressOf).toSorted();
  const { contract, token } = await deployLocal(chain.rpcUrl, { signers, threshold: 2 });
  const endpoint = await startFaultyRpc(chain.rpcUrl);
  stack.defer(() => endpoint.stop());
  const environment = {
    RPC_URL: endpoint.url,
    CONTRACT_ADDRESS: contract,
    SIGNING_JOURNAL_FOLDER: join(folder, "signing"),
    PORT: "0",
    CONFIRMATIONS: "0",
    POLL_MILLISECONDS: "100",
    SIGNER_PRIVATE_KEYS: signer.privateKey,
    SETTLER_PRIVATE_KEY: operator.privateKey,
    SETTLE_INTERVAL_SECONDS: "1",
    ABANDON_AFTER_SECONDS: "2",
    FEE_BPS: "200",
    ...database,
  };
  const server = await serve(readConfig(environment), silent);
  const serverStack = stack.use(new AsyncDisposableStack());
  serverStack.defer(() => server.stop());
  const open = stack.move();
  const local = contractAt(chain.rpcUrl, contract, token);
  const { accounts, chainStore, providers, usage } = server.context;

  return {
    chain,
    contract,
    server,
    local,
    stopServer: () => serverStack.disposeAsync(),

    purchased: async () => (await accounts.balance(addressOf(alice))).purchased,

    /** Waits until the server has read the chain's newest block. */
    async untilRead(): Promise<void> {
      const head = await local.client.getBlockNumber();
      await eventually("the newest block", async () => (await chainStore.cursor()).number >= head);
    },

    /** Alice buys, and the endpoint shows the server blocks without any log or receipt. */
    async buyUnseen(creditMicros: bigint): Promise<void> {
      endpoint.meddle((call, ask) =>
        call.method === "eth_getLogs" || call.method === "eth_getBlockReceipts"
          ? { result: [] }
          : ask(),
      );
      await local.buy(alice, creditMicros);
      await this.untilRead();
      endpoint.behave();
    },

    /** A checkpoint is as of the ledger's clock, and answers for blocks that are older. */
    async untilMissedIsOld(): Promise<void> {
      const { timestamp } = await local.client.getBlock();
      await local.passTime(10);
      await this.untilRead();
      const old = (Number(timestamp) + 3) * 1_000;
      await eventually("the ledger's clock", () => Promise.resolve(Date.now() > old));
    },

    async use(): Promise<void> {
      const apiKey = createApiKey();
      const spender = apiKeySpender(apiKey);
      const signed = await signAllowance(local.as(alice).wallet, local.deployment, {
        spender,
        limitMicros: parseCredits("50"),
        accountCapMicros: parseCredits("50"),
        counter: 0n,
      });
      await createMeteringClient(server.url).addAllowance(signed, { apiKey });
      await providers.grantAccess({ spender, provider: addressOf(provider) });
      const [outcome] = await usage.record([
        usageEvent({ provider: addressOf(provider), spender, meter: "requests", quantity: 1_000n }),
      ]);
      expect(outcome?.result).to.equal("debited");
    },

    /** What /readyz says of the comparison with the chain; `null` without an alarm. */
    async alarm(): Promise<string | null> {
      const { document } = await send(new URL("/readyz", server.url).href);
      const checks: readonly { name: string; warning?: string }[] = Object(document).checks;
      return checks.find((one) => one.name === "reconciliation" && one.warning)?.warning ?? null;
    },

    async reindex(...args: readonly string[]) {
      return await execute(process.execPath, ["scripts/reindex.ts", ...args], {
        env: { ...process.env, ...environment },
      }).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
          code,
          stdout,
          stderr,
        }),
      );
    },

    stop: () => open.disposeAsync(),
  };
}

describe("npm run reindex, of a ledger that missed a purchase", function () {
  this.timeout(120_000);
  let stage: Awaited<ReturnType<typeof startStage>> | undefined;
  afterEach(async () => {
    await stage?.stop();
    stage = undefined;
  });
  it("records it while the server runs, and the auditor that refused co-signs from then on", async () => {
    const at = (stage = await startStage(
      { DATABASE_URL: await newLedgerDatabase() },
      await newFolder(),
    ));
    await at.local.buy(alice, parseCredits("100"));
    await at.untilRead();
    await at.buyUnseen(parseCredits("7"));
    expect(await at.purchased()).to.equal(parseCredits("100"));

    const running = await startLocalAuditor(
      { server: at.server, rpcUrl: at.chain.rpcUrl, contract: at.contract },
      auditor,
      silent,
      { databaseUrl: await newAuditorDatabase() },
    );
    try {
      await at.untilMissedIsOld();
      await at.use();
      const refusal = await eventually("the auditor's refusal", () =>
        Promise.resolve(running.auditor.findings()[0]?.findings),
      );
      expect(refusal).to.have.length(1);
      expect(refusal[0]).to.include({ kind: "chain_event_ignored", party: addressOf(alice) });

      const seenAt = performance.now();
      await eventually("the alarm", async () => (await at.alarm())?.includes("npm run reindex"));
      expect(performance.now() - seenAt).to.be.below(60_000);

      const repaired = await at.reindex("--from", "1");
      expect(repaired.stderr).to.equal("");
      expect(repaired.stdout).to.match(
        new RegExp(
          `^was missing, is recorded: block \\d+, log \\d+: ${addressOf(alice)} bought 7\\S* credits\n` +
            "Blocks \\d+ to \\d+ have \\d+ events; 1 of them were missing.\n$",
        ),
      );
      expect(await at.purchased()).to.equal(parseCredits("107"));

      const signed = await eventually("the auditor's signature on chain", async () => {
        const checkpoint = await at.server.context.checkpoints.byEpoch(1n);
        return checkpoint?.finalAt == null ? null : checkpoint;
      });
      expect(signed.signatures.map((one) => one.signer)).to.include(addressOf(auditor));
      expect(running.auditor.findings()).to.deep.equal([]);
      await eventually("the alarm's end", async () => (await at.alarm()) === null);
    } finally {
      await running.stop();
    }
    const again = await at.reindex("--from", "1");
    expect(again.stdout).to.match(/^Blocks \d+ to \d+ have \d+ events; 0 of them were missing.\n$/);
  });

  it("asks for the only place on an embedded database, and repairs it once the server stopped", async () => {
    const folder = await pgliteCopy();
    const at = (stage = await startStage({ DATA_FOLDER: folder }, folder));
    await at.buyUnseen(parseCredits("7"));
    const refused = await at.reindex("--from", "1");
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.match(/^[^\n]*in use[^\n]*\n$/);

    await at.stopServer();
    expect((await at.reindex("--from", "1")).stdout).to.include("1 of them were missing");
  });

  it("refuses blocks that it cannot compare, in one line", async () => {
    const at = (stage = await startStage(
      { DATABASE_URL: await newLedgerDatabase() },
      await newFolder(),
    ));
    await at.untilRead();
    for (const [args, message] of [
      [[], /^--from is a block's number, from 1, not ""\.\n$/],
      [
        ["--from", "1000000"],
        /^The ledger has read the chain up to block \d+: --from is after it\.\n$/,
      ],
      [["--from", "9", "--to", "8"], /^--to 8 is before --from 9\.\n$/],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one process after the other, on few cores
      const { code, stderr } = await at.reindex(...args);
      expect(code).to.equal(1);
      expect(stderr).to.match(message);
    }
  });
});
