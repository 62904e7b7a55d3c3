import { expect } from "chai";

import { WorkerHealth } from "@compute-credits/platform/process/health";

describe("WorkerHealth", () => {
  let time: number;
  let health: WorkerHealth;
  beforeEach(() => {
    time = 0;
    health = new WorkerHealth(() => time);
  });

  it("when a step runs for longer than its bound: shows it as an error until it ends", () => {
    health.add("indexer", { stepBoundMs: 5_000 });
    health.started("indexer");
    health.succeeded("indexer");
    health.started("indexer");
    time += 5_000;
    expect(health.list()).to.deep.equal([{ name: "indexer", error: null }]);
    time += 1_500;
    const [{ error } = {}] = health.list();
    expect(error).to.match(/^its step has run for 6 s, longer than 5 s: .* restart the program$/);
    health.succeeded("indexer");
    expect(health.list()).to.deep.equal([{ name: "indexer", error: null }]);
  });

  it("without a bound of its own: a step may take a minute", () => {
    health.add("expiry");
    health.started("expiry");
    health.failed("expiry", new Error("no answer"));
    health.started("expiry");
    time += 60_000;
    expect(health.list()).to.deep.equal([{ name: "expiry", error: "no answer" }]);
    time += 1_000;
    expect(health.list()[0]?.error).to.match(/^its step has run for 61 s/);
  });

  it("lists for each scope its workers; alarms are of the chain, and fatal ones of both", () => {
    health.add("ledger", { scope: "metering" });
    health.add("indexer", { scope: "chain" });
    health.add("expiry");
    const warning = { name: "refunds", error: null, warning: "a deadline is near" };
    const frozen = { name: "vault", error: "the vault is frozen" };
    health.raise([warning, frozen], "watch");
    const names = (scope: "metering" | "chain" | "all") =>
      health.list(scope).map(({ name }) => name);
    expect(names("metering")).to.deep.equal(["ledger", "vault"]);
    expect(names("chain")).to.deep.equal(["indexer", "refunds", "vault"]);
    expect(names("all")).to.deep.equal(["ledger", "indexer", "expiry", "refunds", "vault"]);
  });
});
