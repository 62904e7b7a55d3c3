import { expect } from "chai";

import { simulate } from "../../simulation/simulation.ts";
import { type OwnPostgresServer, startPostgres } from "../../scripts/local/postgresServer.ts";

/** The short version, with one kill, is test/simulation/simulation.test.ts. */
describe("a long simulation of several server processes", () => {
  const kills = { processes: 8, databases: 3 };
  const faults = { frozenProcesses: 2, frozenDatabases: 1, silences: 1, restores: 1 };
  let server: OwnPostgresServer;

  before(async () => {
    // A PostgreSQL of its own, because a simulation kills it.
    server = await startPostgres();
  });
  after(() => server.stop());

  for (const seed of ["first", "second"]) {
    it(`agrees with the model after servers and databases were killed, with the seed "${seed}"`, async () => {
      const report = await simulate(server, {
        operations: 10_000,
        seed,
        processes: 3,
        kills,
        audit: true,
        log: () => undefined,
      });
      expect(report.operations).to.be.at.least(10_000);
      expect(report.debits).to.be.greaterThan(1_500);
      expect(report.killedProcesses).to.equal(kills.processes);
      expect(report.killedDatabases).to.equal(kills.databases);
      // The auditor recomputed every checkpoint.
      expect(report.audited?.checkpoints).to.equal(report.checkpoints);
    });
  }

  it("agrees with the model after processes froze and a backup was restored and recovered", async () => {
    const report = await simulate(server, {
      // Two segments: one before the backup, and one after it.
      operations: 64_000,
      seed: "faults",
      processes: 3,
      kills: { processes: 0, databases: 0 },
      faults,
      audit: true,
      log: () => undefined,
    });
    expect(report.faults).to.include({ "restored backups": 1, "frozen databases": 1 });
    expect(report.audited?.checkpoints).to.equal(report.checkpoints);
  }).timeout(900_000);
});
