import { EventEmitter, once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";

import { expect } from "chai";

import { walletSpender } from "@compute-credits/protocol/messages/spender";
import { DatabaseUnavailable } from "@compute-credits/platform/postgres/databaseUnavailable";
import { withGroupCommit } from "../../../../server/stores/usage/groupCommit.ts";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { StaleAccessError } from "../../../../server/stores/usage/staleAccess.ts";
import type { UsageLedger } from "../../../../server/stores/usage/usageLedger.ts";
import { party, usageEvent } from "../../../fixtures/ledger.ts";

/** A ledger whose commits end when the test ends them. */
function steppedLedger() {
  const begun = new EventEmitter();
  const commits: { events: readonly UsageEvent[]; end: (error?: Error) => void }[] = [];
  const ledger: UsageLedger = {
    record(events) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly UsageOutcome[]>();
      const end = (error?: Error) =>
        error === undefined ? resolve(events.map(outcomeOf)) : reject(error);
      commits.push({ events, end });
      begun.emit("commit");
      return promise;
    },
    void: () => Promise.resolve({ result: "refused", reason: "event_not_found" }),
  };
  /** Waits until the n-th commit (from 0) has started. */
  async function commit(n: number) {
    for (;;) {
      const found = commits[n];
      if (found !== undefined) return found;
      await once(begun, "commit");
    }
  }
  return { ledger, commits, commit };
}

function outcomeOf({ quantity }: UsageEvent): UsageOutcome {
  return {
    result: "debited",
    costMicros: quantity,
    rateCardVersion: 1,
    charges: [],
    recordedAt: new Date(0),
    repeated: false,
  };
}

const event = (quantity: bigint) =>
  usageEvent({ provider: party(1), spender: walletSpender(party(2)), quantity });

const costs = (outcomes: readonly UsageOutcome[]) =>
  outcomes.map((outcome) => (outcome.result === "debited" ? outcome.costMicros : null));

const ONE_AT_A_TIME = { maxEvents: 10, maxConcurrent: 1, minEventsPerCommit: 1 };

describe("groupCommit", () => {
  it("groups requests of one event-loop turn, and those that arrive during a commit", async () => {
    const { ledger, commits, commit } = steppedLedger();
    const grouped = withGroupCommit(ledger, ONE_AT_A_TIME);
    const first = grouped.record([event(1n)]);
    const begun = await commit(0);
    const answers = [first, ...[2n, 3n].map((quantity) => grouped.record([event(quantity)]))];
    expect(commits.map(({ events }) => events.length)).to.deep.equal([1]);

    begun.end();
    (await commit(1)).end();
    expect(commits.map(({ events }) => events.length)).to.deep.equal([1, 2]);
    expect((await Promise.all(answers)).map(costs)).to.deep.equal([[1n], [2n], [3n]]);
  });

  it("splits a large queue among the free commits, but not a small one", async () => {
    const { ledger, commits, commit } = steppedLedger();
    const grouped = withGroupCommit(ledger, {
      maxEvents: 10,
      maxConcurrent: 2,
      minEventsPerCommit: 3,
    });
    const single = () => grouped.record([event(1n)]);
    const many = Array.from({ length: 7 }, single);
    (await commit(0)).end();
    (await commit(1)).end();
    await Promise.all(many);
    expect(commits.map(({ events }) => events.length)).to.deep.equal([4, 3]);

    const few = Array.from({ length: 5 }, single);
    (await commit(2)).end();
    await Promise.all(few);
    expect(commits.map(({ events }) => events.length)).to.deep.equal([4, 3, 5]);
  });

  it("puts at most maxEvents into a commit and never splits a request", async () => {
    const { ledger, commits, commit } = steppedLedger();
    const grouped = withGroupCommit(ledger, {
      maxEvents: 3,
      maxConcurrent: 1,
      minEventsPerCommit: 1,
    });
    const sizes = [1, 2, 2, 5];
    const answers = sizes.map((size) =>
      grouped.record(Array.from({ length: size }, () => event(1n))),
    );
    for (const n of [0, 1, 2]) (await commit(n)).end();
    await Promise.all(answers);
    expect(commits.map(({ events }) => events.length)).to.deep.equal([3, 2, 5]);
  });

  it("starts a second commit only for minEventsPerCommit events", async () => {
    const { ledger, commits, commit } = steppedLedger();
    const grouped = withGroupCommit(ledger, {
      maxEvents: 10,
      maxConcurrent: 2,
      minEventsPerCommit: 2,
    });
    const answers = [grouped.record([event(1n)])];
    const first = await commit(0);
    answers.push(grouped.record([event(2n)]));
    // Anything scheduled in this turn has run two turns later.
    await turn();
    await turn();
    expect(commits).to.have.length(1);
    answers.push(grouped.record([event(3n)]));
    const second = await commit(1);
    expect(second.events).to.have.length(2);
    first.end();
    second.end();
    expect((await Promise.all(answers)).map(costs)).to.deep.equal([[1n], [2n], [3n]]);
  });

  it("records a group as of its earliest key lookup, and each request by its own if that is stale", async () => {
    const calls: (bigint | undefined)[] = [];
    const { ledger } = steppedLedger();
    const grouped = withGroupCommit(
      {
        ...ledger,
        record(events, asOf) {
          calls.push(asOf);
          return asOf === 3n
            ? Promise.reject(new StaleAccessError())
            : Promise.resolve(events.map(outcomeOf));
        },
      },
      ONE_AT_A_TIME,
    );
    const [early, late, none] = [3n, 4n, undefined].map((asOf) =>
      grouped.record([event(1n)], asOf),
    );
    expect(await late).to.have.length(1);
    expect(await none).to.have.length(1);
    expect(await early?.catch((error: Error) => error.name)).to.equal("StaleAccessError");
    expect(calls).to.deep.equal([3n, 3n, 4n, undefined]);
  });

  it("fails only the bad request of a group", async () => {
    const { ledger, commit } = steppedLedger();
    const grouped = withGroupCommit(ledger, ONE_AT_A_TIME);
    const first = grouped.record([event(1n)]);
    await commit(0);
    const [good, bad] = [grouped.record([event(2n)]), grouped.record([event(3n)])];
    (await commit(0)).end();
    await first;
    (await commit(1)).end(new Error("the group failed"));
    const told = bad.then(
      () => "recorded",
      (error: Error) => error.message,
    );
    (await commit(2)).end();
    (await commit(3)).end(new Error("this one failed"));
    expect(costs(await good)).to.deep.equal([2n]);
    expect(await told).to.equal("this one failed");
  });

  it("tells each request of a group that the database was lost, and does not try again", async () => {
    const { ledger, commits, commit } = steppedLedger();
    const grouped = withGroupCommit(ledger, ONE_AT_A_TIME);
    const first = grouped.record([event(1n)]);
    await commit(0);
    const group = Promise.allSettled([grouped.record([event(2n)]), grouped.record([event(3n)])]);
    (await commit(0)).end();
    await first;
    const lost = new DatabaseUnavailable(new Error("Connection terminated"), "unknown");
    (await commit(1)).end(lost);
    await turn();
    for (const attempt of commits.slice(2)) attempt.end();
    const told = (await group).map((one) => (one.status === "rejected" ? one.reason : one.value));
    expect(told).to.deep.equal([lost, lost]);
    expect(commits).to.have.length(2);
  });
});
