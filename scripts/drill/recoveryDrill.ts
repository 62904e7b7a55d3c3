import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { pino } from "pino";
import { createTestClient, http } from "viem";
import { z } from "zod";

import { lowercaseHex } from "@compute-credits/protocol/hex";
import { LOCAL_WINDOWS, deployLocal } from "../local/deployLocal.ts";
import { eventually } from "../local/eventually.ts";
import { HARDHAT_CHAIN } from "../local/hardhatChain.ts";
import { startLocalAuditor } from "../local/localAuditor.ts";
import { startLocalChain } from "../local/localChain.ts";
import { freePort } from "../local/ports.ts";
import { createDatabase, startPostgres } from "../local/postgresServer.ts";
import { type Environment, type Program, runProgram, startProgram } from "../local/program.ts";
import { wallets } from "../local/wallets.ts";
import { createCustomer } from "./customer.ts";
import { wholeLogUpTo } from "./wholeLogUpTo.ts";

const EVENTS = 200;

/**
 * Plays the loss of PostgreSQL's machine and the recovery. `say` gets each line of the transcript.
 * Throws if anything comes out wrong.
 */
export async function recoveryDrill(
  { hasBackup }: { readonly hasBackup: boolean },
  say: (line: string) => void,
): Promise<void> {
  const startedAt = performance.now();
  const tell = (line: string) =>
    say(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${line}`);
  await using stack = new AsyncDisposableStack();

  const folder = await mkdtemp(join(tmpdir(), "compute-credits-drill-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const chain = await startLocalChain(0);
  stack.defer(() => chain.stop());
  const { rpcUrl } = chain;
  const time = createTestClient({ chain: HARDHAT_CHAIN, mode: "hardhat", transport: http(rpcUrl) });
  const signers = [wallets.signer, wallets.auditor]
    .map(({ account }) => lowercaseHex(account.address))
    .toSorted();
  const deployment = await deployLocal(rpcUrl, { signers, threshold: 2 });
  const postgres = await startPostgres({});
  stack.defer(() => postgres.stop());

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const journals = join(folder, "signing");
  let databaseUrl = await createDatabase(postgres);
  const environment = (): Environment => ({
    RPC_URL: rpcUrl,
    CONTRACT_ADDRESS: deployment.contract,
    DATABASE_URL: databaseUrl,
    SIGNING_JOURNAL_FOLDER: journals,
    PORT: `${port}`,
    CONFIRMATIONS: "0",
    POLL_MILLISECONDS: "100",
    CHAIN_STALL_SECONDS: "0",
    SIGNER_PRIVATE_KEYS: wallets.signer.privateKey,
    SETTLER_PRIVATE_KEY: wallets.operator.privateKey,
    SETTLE_INTERVAL_SECONDS: "1",
  });
  let server: Program = startProgram("server/main.ts", environment());
  stack.defer(() => server.end());
  await untilReady(url);
  const copy = join(folder, "mirror");
  const mirror = startProgram(
    "scripts/mirror.ts",
    {
      SERVER_URL: url,
      RPC_URL: rpcUrl,
      CONTRACT_ADDRESS: deployment.contract,
      AUDITOR_PRIVATE_KEY: wallets.auditor.privateKey,
      POLL_MILLISECONDS: "100",
    },
    ["--folder", copy],
  );
  stack.defer(() => mirror.end());
  const auditor = await startLocalAuditor(
    { server: { url }, rpcUrl, contract: deployment.contract },
    wallets.auditor,
    pino({ level: "silent" }),
  );
  stack.defer(() => auditor.stop());
  tell("PostgreSQL, a server (signer 1 of 2), an auditor (signer 2 of 2) and a mirror run");

  const customer = await createCustomer({ ...deployment, rpcUrl }, url);
  const early = await customer.use(EVENTS);
  await customer.hold("early");
  await untilCheckpoint(1n);
  tell(`${early.length} events are debited, and both signed checkpoint 1`);

  if (hasBackup) {
    await postgres.kill();
    postgres.backUp();
    await postgres.restart();
    await untilReady(url);
    tell("backup of PostgreSQL's files");
  }
  await customer.capture("early");
  const late = await customer.use(EVENTS);
  await customer.hold("late");
  await untilCheckpoint(2n);
  await eventually("the mirror", async () => {
    const published = await wholeLogUpTo(databaseUrl);
    return published !== null && mirror.said().includes(`\n${published} segments are copied`);
  });
  const [before, earnedBefore] = [await customer.balance(), await customer.earned()];
  tell(`${late.length} more events, a capture and a hold, and both signed checkpoint 2`);
  tell(`alice has spent ${before.spentMicros} micro-credits and holds ${before.heldMicros}`);

  await postgres.kill();
  if (hasBackup) {
    postgres.restore();
    await postgres.restart();
    tell("PostgreSQL's machine is lost; the backup is restored");
    const refused = await eventually("the server's refusal", async () => {
      const answer = await readiness(url);
      return answer.includes("the ledger is behind") ? answer : null;
    });
    assert(!(await customer.use(1).catch(() => [])).length, "no debit on an old ledger");
    tell(`the server takes no debit: ${/the ledger is behind[^"]*/.exec(refused)?.[0]}`);
  } else {
    await postgres.restart();
    databaseUrl = await createDatabase(postgres);
    tell("PostgreSQL's files are lost, and there is no backup: a new database is made");
  }
  await Promise.all([server.end("SIGKILL"), mirror.end()]);

  const recoveredAt = performance.now();
  const said = await runProgram("scripts/recover.ts", environment(), ["--mirror", copy]);
  const tookMs = Math.round(performance.now() - recoveredAt);
  tell(`npm run recover -- --mirror (${tookMs} ms):`);
  for (const line of said.trim().split("\n")) say(`           ${line}`);

  server = startProgram("server/main.ts", environment());
  await untilReady(url);
  tell("the server runs again");
  assert.deepEqual(await customer.balance(), before, "alice's balance is what it was");
  assert.equal(await customer.earned(), earnedBefore, "the provider has earned what it had");
  const repeated = await customer.repeat([...early, ...late]);
  assert.equal(repeated, early.length + late.length, "no event is charged twice");
  tell(`balances are as before, and all ${repeated} events are known when sent again`);
  await customer.capture("late");
  const next = await customer.use(EVENTS);
  await untilCheckpoint(3n);
  assert.deepEqual(auditor.auditor.findings(), [], "the auditor refuses nothing");
  tell(`${next.length} new events, and both signed checkpoint 3: the auditor agrees`);

  /** Waits for the epoch's checkpoint on the chain, and ends dispute windows meanwhile. */
  async function untilCheckpoint(epoch: bigint): Promise<void> {
    await eventually(`checkpoint ${epoch} on the chain`, async () => {
      const newest = await newestCheckpoint();
      if (newest?.status === "pending" && BigInt(newest.checkpoint.epoch) < epoch) {
        await time.increaseTime({ seconds: LOCAL_WINDOWS.disputeWindowSeconds });
        await time.mine({ blocks: 1 });
      }
      const isThere = newest?.status === "pending" || newest?.status === "final";
      return isThere && BigInt(newest.checkpoint.epoch) >= epoch;
    });
  }

  async function newestCheckpoint() {
    const answer = await fetch(`${url}/v1/checkpoints?limit=1`).catch(() => null);
    if (answer?.ok !== true) return null;
    return Checkpoints.parse(await answer.json()).checkpoints[0] ?? null;
  }
}

const Checkpoints = z.object({
  checkpoints: z.array(
    z.object({ status: z.string(), checkpoint: z.object({ epoch: z.string() }) }),
  ),
});

async function readiness(url: string): Promise<string> {
  return await fetch(`${url}/readyz`).then(
    (answer) => answer.text(),
    () => "",
  );
}

async function untilReady(url: string): Promise<void> {
  await eventually("a server that takes debits", async () => {
    const answer = await fetch(`${url}/readyz/metering`).catch(() => null);
    return answer?.ok === true;
  });
}
