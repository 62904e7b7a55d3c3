import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { ConfigError } from "@compute-credits/platform/process/environment";
import { type OperatorCard, publishRateCard, readRateCardFile } from "../../server/rateCardFile.ts";
import { databaseKinds } from "../fixtures/databases.ts";
import { emptyLedger } from "../fixtures/ledger.ts";

const LIMITS = { maxRatesPerCard: 100, maxTiersPerRate: 10 };
const rate = { meter: "units", dimensions: {}, microCredits: "1", perUnits: "1" };
const card = { effectiveFrom: "2026-01-01T00:00:00Z", rates: [rate] };

describe("readRateCardFile", () => {
  let folder: string;
  let file: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-test-"));
    file = join(folder, "rate-card.json");
  });
  after(() => rm(folder, { recursive: true }));

  async function read(content: unknown): Promise<unknown> {
    await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
    return await readRateCardFile(file, LIMITS).catch((error: unknown) => error);
  }

  it("reads the card that comes with the server", async () => {
    const path = new URL("../../config/rate-card.json", import.meta.url).pathname;
    const { effectiveFrom, rates } = await readRateCardFile(path, LIMITS);
    expect(effectiveFrom).to.deep.equal(new Date("2026-01-01T00:00:00Z"));
    expect(rates[0]).to.deep.equal({
      kind: "fixed",
      meter: "gpu.seconds",
      dimensions: { gpu: "H100" },
      microCredits: 83_334n,
      perUnits: 1n,
    });
  });

  it("reads prices of 19 digits exactly", async () => {
    const microCredits = "9223372036854775807";
    expect(await read({ ...card, rates: [{ ...rate, microCredits }] })).to.deep.equal({
      effectiveFrom: new Date("2026-01-01T00:00:00Z"),
      rates: [{ ...rate, kind: "fixed", microCredits: 2n ** 63n - 1n, perUnits: 1n }],
    });
  });

  for (const [what, content, text] of [
    ["no JSON", "{", "is not JSON"],
    ["no date", { rates: [rate] }, "effectiveFrom"],
    ["a date without its zone", { ...card, effectiveFrom: "2026-01-01T00:00:00" }, "effectiveFrom"],
    ["no rate at all", { ...card, rates: [] }, "at least one rate"],
    ["a field that nobody knows", { ...card, currency: "USD" }, "currency"],
    ["a price as a number", { ...card, rates: [{ ...rate, microCredits: 1 }] }, "microCredits"],
    ["a negative price", { ...card, rates: [{ ...rate, microCredits: "-1" }] }, "microCredits"],
    [
      "a price beyond 63 bits",
      { ...card, rates: [{ ...rate, microCredits: "9223372036854775808" }] },
      "microCredits",
    ],
    ["a price per nothing", { ...card, rates: [{ ...rate, perUnits: "0" }] }, "perUnits"],
    ["a meter in capitals", { ...card, rates: [{ ...rate, meter: "GPU" }] }, "meter"],
    [
      "rates between which an event could not choose",
      { ...card, rates: [rate, { ...rate, microCredits: "2" }] },
      "an event of units could match both {} and {}",
    ],
  ] as const) {
    it(`refuses ${what}, and names it`, async () => {
      const error = await read(content);
      expect(error).to.be.instanceOf(ConfigError).with.property("message").that.includes(text);
      expect(error).with.property("message").that.includes(file);
    });
  }

  it("names every mistake at once", async () => {
    const error = await read({ effectiveFrom: "soon", rates: [{ ...rate, meter: "", extra: 1 }] });
    for (const text of ["effectiveFrom", "meter", "extra"]) {
      expect(error).with.property("message").that.includes(text);
    }
  });

  it("says which file cannot be read", async () => {
    const missing = join(folder, "none.json");
    const error = await readRateCardFile(missing, LIMITS).catch((cause: unknown) => cause);
    expect(error)
      .to.be.instanceOf(ConfigError)
      .with.property("message", `RATE_CARD_FILE ${missing} cannot be read`);
  });
});

for (const kind of databaseKinds) {
  describe(`publishRateCard on ${kind.name}`, () => {
    const inAnHour = new Date(Date.now() + 3_600_000);

    it("lets servers with the older and the newer file start in any order", async () => {
      const database = await kind.open();
      const { rateCards } = await emptyLedger(database);
      const older = cardOf(1n, new Date("2026-01-01T00:00:00Z"));
      const newer = cardOf(2n, inAnHour);
      const publish = (one: OperatorCard) => publishRateCard(rateCards, "rate-card.json", one);

      expect(await publish(older)).to.equal(true);
      expect(await publish(newer)).to.equal(true);
      expect(await publish(older)).to.equal(false);
      expect(await publish(newer)).to.equal(true);

      const never = await publish(cardOf(3n, older.effectiveFrom)).catch((error: unknown) => error);
      expect(never).to.be.instanceOf(ConfigError);
      expect(String(never)).to.include("RATE_CARD_FILE rate-card.json");
      const cards = await rateCards.list({ provider: null, before: null, limit: 10 });
      expect(cards).to.have.length(2);
      await database.close();
    });
  });
}

function cardOf(microCredits: bigint, effectiveFrom: Date): OperatorCard {
  const price = { microCredits, perUnits: 1n };
  return { effectiveFrom, rates: [{ kind: "fixed", meter: "units", dimensions: {}, ...price }] };
}
