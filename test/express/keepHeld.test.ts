import { expect } from "chai";

import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { readHold } from "@compute-credits/client/holds/readHold";
import { createApi } from "@compute-credits/client/http/api";
import { createMetering } from "@compute-credits/express/charge/createMetering";
import { type HeldTime, keepHeld } from "@compute-credits/express/charge/keepHeld";
import type { Database } from "@compute-credits/platform/postgres/database";
import { postgres } from "../fixtures/databases.ts";
import { type MeteringRig, openMeteringRig } from "../fixtures/meteringRig.ts";

/** Seconds: short ones, so that the tests take less time. */
const TTL = 0.1;

/** Keeps a hold until its end. Returns how many extensions were asked for, and the errors. */
async function kept(changes: Partial<HeldTime>) {
  const errors: unknown[] = [];
  const asked: string[] = [];
  const { promise: ended, resolve: onEnd } = Promise.withResolvers<void>();
  const lasting = keepHeld({
    ttlSeconds: TTL,
    mostSeconds: TTL,
    onEnd,
    onError: (error) => errors.push(error),
    ...changes,
    async extend(name, signal) {
      asked.push(name);
      await changes.extend?.(name, signal);
    },
  });
  const begunAt = performance.now();
  await ended;
  return { asked, errors, lastedMs: performance.now() - begunAt, heldUntil: lasting.heldUntil() };
}

describe("keepHeld", () => {
  it("ends the work before the hold, and extends none that is long enough", async () => {
    const { asked, lastedMs, heldUntil } = await kept({});
    expect(asked).to.deep.equal([]);
    expect(lastedMs).to.be.at.least(80);
    expect(heldUntil).to.be.a("number");
  });

  it("extends the hold as long as the work may go on", async () => {
    const { asked, lastedMs } = await kept({ mostSeconds: 5 * TTL });
    expect(asked.slice(0, 3)).to.deep.equal(["more-1", "more-2", "more-3"]);
    expect(lastedMs).to.be.at.least(400);
  });

  it("ends the work with the hold if the extension is refused", async () => {
    const refused = new CreditsError("no", { reason: "refund_requested", status: 409 });
    const { asked, errors } = await kept({
      mostSeconds: 100,
      extend: () => Promise.reject(refused),
    });
    expect(asked).to.deep.equal(["more-1"]);
    expect(errors).to.deep.equal([refused]);
  });
});

describe("a hold of several lines", () => {
  let database: Database;
  let rig: MeteringRig;

  before(async () => {
    database = await postgres.open();
    rig = await openMeteringRig(database);
  });
  after(async () => {
    await rig.stop();
    await database.close();
  });

  it("lasts longer once it is extended, and is captured line by line", async () => {
    const api = createApi(rig.server.url, { key: rig.providerKey });
    const metering = createMetering(api);
    const { account, apiKey } = await rig.customer("1");
    const lines = {
      input: { meter: "llm.tokens", dimensions: { direction: "input" }, quantity: 50n },
      output: { meter: "llm.tokens", dimensions: { direction: "output" }, quantity: 10n },
      unused: { meter: "units", quantity: 0n },
    };
    const { signal } = new AbortController();
    const caller = { kind: "key", apiKey } as const;
    const held = await metering.hold({ id: "h", caller, lines, ttlSeconds: 30 }, signal);
    expect(held).to.deep.equal({ isNew: true, status: "open", capturedMicros: 0n });
    expect(await rig.spent(account)).to.deep.equal({ spent: 0n, held: 90n });

    const before = (await readHold(api, { id: "h" })).expiresAt;
    await metering.extend("h", { extension: "more-1", ttlSeconds: 60 }, signal);
    const after = (await readHold(api, { id: "h" })).expiresAt;
    expect(after.getTime() - before.getTime()).to.be.at.least(29_000);

    const captured = { lines, used: { input: 12n, output: 3n }, isEstimated: false };
    expect(await metering.capture("h", captured, signal)).to.deep.equal({
      costMicros: 24n,
      remainingMicros: 999_976n,
    });
    // A repetition changes nothing, so nothing is known of what is left now.
    expect(await metering.capture("h", captured, signal)).to.deep.equal({
      costMicros: 24n,
      remainingMicros: null,
    });
    expect(await rig.spent(account)).to.deep.equal({ spent: 24n, held: 0n });
  });
});
