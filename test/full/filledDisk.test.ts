import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { eventually } from "../../scripts/local/eventually.ts";
import {
  type OwnPostgresServer,
  createDatabase,
  startPostgres,
} from "../../scripts/local/postgresServer.ts";
import { type ChildServer, startChildServer } from "../fixtures/childServer.ts";
import { type FundedSpender, fundSpender } from "../fixtures/fundedSpender.ts";
import { type Answer, expectProblem, send } from "../fixtures/http.ts";
import { type LocalContract, startContract } from "../fixtures/localContract.ts";
import { cloudEvent } from "../fixtures/meteredStack.ts";
import { expectTruth } from "../fixtures/outageAnswers.ts";

const DISK_MIB = 256;
const READY_WITHIN_MS = 2_000;
const RECOVERY_MS = 10_000;

/** PostgreSQL on a file system of its own, in memory, which only root can mount. */
describe("a ledger whose disk is full", () => {
  let disk: string;
  let local: LocalContract;
  let postgres: OwnPostgresServer;
  let database: Database;
  let server: ChildServer;
  let url: string;
  let funded: FundedSpender;

  before(async function () {
    disk = await mkdtemp(join(tmpdir(), "compute-credits-disk-"));
    if (!mounted(disk)) this.skip();
    await chmod(disk, 0o755);
    [local, postgres] = await Promise.all([
      startContract(),
      startPostgres({ max_wal_size: "48MB", min_wal_size: "32MB" }, { within: disk }),
    ]);
    const databaseUrl = await createDatabase(postgres);
    server = startChildServer({
      RPC_URL: local.rpcUrl,
      CONTRACT_ADDRESS: local.contract,
      DATABASE_URL: databaseUrl,
      SIGNING_JOURNAL_FOLDER: join(tmpdir(), "compute-credits-test-journals"),
    });
    url = await server.url();
    database = await openPgDatabase(databaseUrl, 1);
    funded = await fundSpender(local, url, database);
  });
  afterEach(function () {
    if (this.currentTest?.isFailed() === true) console.log(server.said());
  });
  after(async () => {
    await server?.kill();
    await database?.close();
    await postgres?.stop();
    await local?.stop();
    execFileSync("umount", [disk], { stdio: "ignore" });
    await rm(disk, { recursive: true, force: true });
  });

  it("answers 503 and is not ready; once there is room, goes on within seconds", async () => {
    expect((await report(newEvent())).status).to.equal(201);
    const filler = join(disk, "filler");
    fill(filler);

    const events: object[] = [];
    const answers: Answer[] = [];
    const refused = await eventually("a refusal", async () => {
      const batch = Array.from({ length: 50 }, newEvent);
      const answered = await Promise.all(batch.map(report));
      events.push(...batch);
      answers.push(...answered);
      return answered.find(({ status }) => status !== 201);
    });
    expectProblem(refused, 503, String(refused.document["reason"]));
    const askedAt = performance.now();
    const unready = await send(`${url}/readyz/metering`);
    expect(performance.now() - askedAt).to.be.lessThan(READY_WITHIN_MS);
    expect(unready.status, JSON.stringify(unready.document)).to.equal(503);

    await rm(filler);
    const roomAt = performance.now();
    // PostgreSQL ends if it finds no room for its own log: then its operator starts it again.
    await postgres.untilAnswers().catch(() => postgres.restart());
    await eventually("a debit", async () => (await report(newEvent())).status === 201);
    expect(performance.now() - roomAt).to.be.lessThan(RECOVERY_MS);
    await eventually("readiness", async () => {
      return (await send(`${url}/readyz/metering`)).status === 200;
    });
    await expectTruth(events, answers, report);
  });

  const newEvent = () => cloudEvent(funded.spender);
  const report = (body: object) => send(`${url}/v1/usage`, { key: funded.providerKey, body });
});

function mounted(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "tmpfs", folder]);
    return true;
  } catch {
    return false;
  }
}

/** Writes a file until no byte fits. */
function fill(file: string): void {
  const descriptor = openSync(file, "w");
  for (let size = 1 << 20; size > 0;) {
    try {
      writeSync(descriptor, Buffer.alloc(size));
    } catch {
      size >>= 1;
    }
  }
  closeSync(descriptor);
}
