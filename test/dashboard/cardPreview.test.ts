import { expect } from "chai";
import * as fc from "fast-check";

import { burnOf } from "../../dashboard/routes/provider/burnOf.ts";
import {
  type LinearRate,
  costUp,
  previewCard,
} from "../../dashboard/routes/provider/cardPreview.ts";
import { stagesOf } from "../../dashboard/routes/provider/stagesOf.ts";
import { propertyRuns } from "../fixtures/effort.ts";

const GPU: LinearRate = {
  rateKey: "gpu",
  meter: "gpu.seconds",
  dimensions: {},
  perUnits: 3n,
  microCredits: 10n,
};
const H100: LinearRate = { ...GPU, rateKey: "h100", dimensions: { gpu: "H100" } };
const TIERED: LinearRate = { ...GPU, rateKey: "tiered", meter: "requests", microCredits: null };

const amount = fc.bigInt({ min: 0n, max: 2n ** 40n });

describe("the preview of a card", () => {
  it("takes the rate that matches most dimensions, and rounds each event up", () => {
    const events = [
      { meter: "gpu.seconds", dimensions: { gpu: "H100" }, quantity: 1n, amountMicros: 4n },
      { meter: "gpu.seconds", dimensions: { gpu: "L4" }, quantity: 1n, amountMicros: 4n },
      { meter: "gpu.seconds", dimensions: { gpu: "H100" }, quantity: 2n, amountMicros: 7n },
    ];
    const previews = previewCard([GPU, H100], events, new Map([["h100", 20n]]));
    expect(previews.get("h100")).to.deep.equal({
      events: 2,
      quantity: 3n,
      chargedMicros: 11n,
      wouldChargeMicros: 21n, // 7 of 20/3, 14 of 40/3
    });
    expect(previews.get("gpu")?.wouldChargeMicros).to.equal(4n);
  });

  it("leaves what a rate without one price was charged as it is", () => {
    const event = { meter: "requests", dimensions: {}, quantity: 5n, amountMicros: 9n };
    const preview = previewCard([TIERED], [event], new Map([["tiered", 1n]])).get("tiered");
    expect(preview?.wouldChargeMicros).to.equal(9n);
  });

  it("is what was charged at the same price, and never less at a higher one", () => {
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 20 }), amount, amount, (quantities, low, more) => {
        const events = quantities.map((quantity) => ({
          meter: "gpu.seconds",
          dimensions: {},
          quantity,
          amountMicros: costUp(quantity, low, GPU.perUnits),
        }));
        const at = (price: bigint) =>
          previewCard([GPU], events, new Map([["gpu", price]])).get("gpu");
        expect(at(low)?.wouldChargeMicros).to.equal(at(low)?.chargedMicros);
        const [before, after] = [at(low), at(low + more)].map(
          (preview) => preview?.wouldChargeMicros ?? 0n,
        );
        expect(before !== undefined && after !== undefined && after >= before).to.equal(true);
      }),
      { numRuns: propertyRuns(200) },
    );
  });
});

describe("the stages of earnings", () => {
  it("add up to all that was earned, and none is below zero", () => {
    fc.assert(
      fc.property(amount, fc.option(amount), amount, amount, (earned, pending, final, claimed) => {
        const stages = stagesOf({ earned, pending, final, claimed });
        const parts = Object.values(stages);
        const most = [earned, pending ?? 0n, final, claimed].reduce((a, b) => (a > b ? a : b));
        expect(parts.reduce((sum, part) => sum + part, 0n)).to.equal(most);
        expect(parts.every((part) => part >= 0n)).to.equal(true);
      }),
      { numRuns: propertyRuns(200) },
    );
  });
});

describe("the burn of a hold", () => {
  const createdAt = new Date("2026-01-01T00:00:00Z");
  const now = new Date("2026-01-01T01:00:00Z");
  const expiresAt = new Date("2026-01-01T04:00:00Z");

  it("stops when it is used up at the rate so far, if that is before its end", () => {
    const hold = { createdAt, expiresAt, capturedMicros: 10n, heldMicros: 5n };
    expect(burnOf(hold, now)).to.deep.equal({
      microsPerHour: 10n,
      stopsAt: new Date("2026-01-01T01:30:00Z"),
      because: "credits",
    });
  });

  it("stops at its end if enough is left, or nothing was charged yet", () => {
    for (const [capturedMicros, heldMicros] of [
      [10n, 30n],
      [0n, 1n],
    ] as const) {
      const burn = burnOf({ createdAt, expiresAt, capturedMicros, heldMicros }, now);
      expect(burn).to.deep.include({ stopsAt: expiresAt, because: "time" });
    }
  });

  it("never stops after its end, nor before now, whatever was charged", () => {
    fc.assert(
      fc.property(amount, amount, (capturedMicros, heldMicros) => {
        const { stopsAt } = burnOf({ createdAt, expiresAt, capturedMicros, heldMicros }, now);
        expect(stopsAt.getTime()).to.be.within(now.getTime(), expiresAt.getTime());
      }),
      { numRuns: propertyRuns(200) },
    );
  });
});
