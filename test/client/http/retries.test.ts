import { expect } from "chai";

import { CreditsError } from "@compute-credits/client/errors/creditsError";
import {
  DEFAULT_RETRIES,
  type RetryPolicy,
  retryAfterMsOf,
  withRetries,
} from "@compute-credits/client/http/retries";

const problem = (status: number, retryAfterMs?: number, reason = "some_reason") =>
  new CreditsError("refused", {
    reason,
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

describe("withRetries", () => {
  let waits: number[];
  beforeEach(() => (waits = []));

  /** Never waits, and notes for how long it would have. */
  const policy = (random = 1): RetryPolicy => ({
    ...DEFAULT_RETRIES,
    random: () => random,
    wait: async (ms, signal) => {
      signal?.throwIfAborted();
      waits.push(ms);
    },
  });

  /** Makes attempts that all fail with an error, and counts them. */
  async function attemptsOf(thrown: unknown, used = policy()): Promise<number> {
    let made = 0;
    const fail = async () => {
      made++;
      throw thrown;
    };
    const failure = await withRetries(fail, used).catch((cause: unknown) => cause);
    expect(failure).to.equal(thrown);
    return made;
  }

  it("after a broken connection or a 5xx: makes four attempts, and doubles the wait", async () => {
    expect(await attemptsOf(new CreditsError("lost", { reason: "server_unreachable" }))).to.equal(
      4,
    );
    expect(waits).to.deep.equal([200, 400, 800]);
    expect(await attemptsOf(problem(500))).to.equal(4);
  });

  it("shortens a wait at random by up to half", async () => {
    await attemptsOf(problem(503), policy(0));
    expect(waits).to.deep.equal([100, 200, 400]);
  });

  it("waits as long as the server says", async () => {
    await attemptsOf(problem(503, 3_000));
    expect(waits).to.deep.equal([3_000, 3_000, 3_000]);
    expect(await attemptsOf(problem(429, 1_000))).to.equal(4);
  });

  it("does not wait for a server that asks for longer than the longest wait", async () => {
    expect(await attemptsOf(problem(503, 10_001))).to.equal(1);
    expect(waits).to.deep.equal([]);
  });

  it("repeats a request whose first attempt is still being handled", async () => {
    expect(await attemptsOf(problem(409, 1_000, "idempotency_key_in_flight"))).to.equal(4);
  });

  it("does not repeat refusals, timeouts, a 429 without a time, and bugs", async () => {
    for (const error of [
      problem(402, 1_000),
      problem(409),
      problem(429),
      new CreditsError("late", { reason: "timed_out" }),
      new TypeError("a bug"),
    ]) {
      expect(await attemptsOf(error)).to.equal(1);
    }
  });

  it("ends with the signal's reason while it waits", async () => {
    const controller = new AbortController();
    const ended = withRetries(
      async () => {
        controller.abort("enough");
        throw problem(503);
      },
      DEFAULT_RETRIES,
      controller.signal,
    ).catch((reason: unknown) => reason);
    expect(await ended).to.equal("enough");
  });

  it("reads Retry-After in seconds and as a date", () => {
    const now = Date.parse("2026-01-31T12:00:00Z");
    expect(retryAfterMsOf("7", now)).to.equal(7_000);
    expect(retryAfterMsOf("Sat, 31 Jan 2026 12:00:02 GMT", now)).to.equal(2_000);
    expect(retryAfterMsOf("soon", now)).to.equal(undefined);
    expect(retryAfterMsOf(null, now)).to.equal(undefined);
  });
});
