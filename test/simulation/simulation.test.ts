import { expect } from "chai";

import { simulate } from "../../simulation/simulation.ts";
import { type OwnPostgresServer, startPostgres } from "../../scripts/local/postgresServer.ts";

describe("simulation of several server processes", () => {
  let server: OwnPostgresServer;

  before(async () => {
    // A PostgreSQL of its own, because a simulation may kill it.
    server = await startPostgres();
  });
  after(() => server.stop());

  it("agrees with the model after a server was killed under load", async () => {
    const report = await simulate(server, {
      operations: 2_000,
      seed: "test",
      processes: 2,
      kills: { processes: 1, databases: 0 },
      audit: true,
      log: () => undefined,
    });
    expect(report.operations).to.be.at.least(2_000);
    expect(report.debits).to.be.greaterThan(300);
    expect(report.claims).to.be.at.least(1);
    expect(report.crossings).to.be.at.least(1);
    expect(report.killedProcesses).to.equal(1);
    // The auditor recomputed every checkpoint.
    expect(report.audited?.checkpoints).to.equal(report.checkpoints);
    // It signed the last receipt of each provider whose events others recorded and voided meanwhile.
    expect(report.audited?.cosignedReceipts).to.be.at.least(1);
  });
});
