import { expect } from "chai";

import { simulate } from "../../simulation/simulation.ts";
import { type OwnPostgresServer, startPostgres } from "../../scripts/local/postgresServer.ts";

describe("random operations from several server processes", () => {
  let server: OwnPostgresServer;

  before(async () => {
    // Its own: it may be killed.
    server = await startPostgres();
  });
  after(() => server.stop());

  it("leave the database as the model has it, also where a server is killed under load", async () => {
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
    expect(report.killedProcesses).to.equal(1);
    // The auditor could make every checkpoint again.
    expect(report.audited?.checkpoints).to.equal(report.checkpoints);
  });
});
