import { readFile } from "node:fs/promises";

import { expect } from "chai";

import { nextMultiplier } from "@compute-credits/rules/pricing/multiplier";
import { pinRate, pricePinned } from "@compute-credits/rules/pricing/pinnedRate";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import { ratesSchema } from "@compute-credits/api/pricing/rates";
import { party } from "../fixtures/ledger.ts";
import { cardOf } from "../fixtures/rates.ts";

const schema = ratesSchema({ maxRatesPerCard: 1, maxTiersPerRate: 10 });

/** The cells of every row of the examples' tables. */
async function exampleRows(): Promise<readonly (readonly string[])[]> {
  const text = await readFile(new URL("../../docs/pricing.md", import.meta.url), "utf8");
  const [, examples = ""] = text.split(/<!-- \/?examples -->/);
  return examples
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function parseRate(cell: string): Rate {
  const written: unknown = JSON.parse(cell.replaceAll("`", ""));
  const [rate] = schema.parse([{ meter: "units", dimensions: {}, ...Object(written) }]);
  if (rate === undefined) throw new Error("the example has no rate");
  return rate;
}

describe("docs/pricing.md", () => {
  it("says what the examples cost", async () => {
    const rows = (await exampleRows()).filter(([rate]) => rate?.startsWith("`{") === true);
    expect(rows).to.have.length(7);
    for (const [cell = "", used = "", quantity = "", multiplier = "", cost] of rows) {
      const rate = parseRate(cell);
      const found = { card: cardOf(1, [rate]), rate, key: "operator:units" };
      const pinned = pinRate(found, BigInt(quantity), {
        account: party(1),
        monthOf: () => "2026-11",
        usedUnits: () => BigInt(used),
        multiplierBps: () => (multiplier === "–" ? null : BigInt(multiplier)),
      });
      expect(`${pricePinned(pinned, BigInt(quantity))}`, cell).to.equal(cost);
    }
  });

  it("says where the steps of the last one lead", async () => {
    const rows = await exampleRows();
    const last = rows.filter(([rate]) => rate?.startsWith("`{") === true).at(-1);
    const rate = parseRate(last?.[0] ?? "");
    if (rate.kind !== "dynamic") throw new Error("the last example is not dynamic");
    const steps = rows.filter((cells) => cells.length === 3 && /^\d+$/.test(cells[0] ?? ""));
    expect(steps).to.have.length(6);
    for (const [current = "", utilisation = "", next] of steps) {
      const moved = nextMultiplier(BigInt(current), BigInt(utilisation), rate.multiplier);
      expect(`${moved}`, `${current} at ${utilisation}`).to.equal(next);
    }
  });
});
