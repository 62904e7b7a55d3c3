import { expect } from "chai";
import * as fc from "fast-check";

import {
  type MultiplierStep,
  nextMultiplier,
  replaySteps,
  stepMultiplier,
} from "@compute-credits/rules/pricing/multiplier";
import type { MultiplierRule } from "@compute-credits/rules/pricing/rate";
import { RULE, anyRule, anyUtilisation } from "../../fixtures/rates.ts";

const anyMultiplier = fc.bigInt({ min: 1n, max: 200_000n });

function clamped(value: bigint, { minBps, maxBps }: MultiplierRule): bigint {
  if (value < minBps) return minBps;
  return value > maxBps ? maxBps : value;
}

describe("nextMultiplier", () => {
  for (const [what, current, utilisation, next, rule] of [
    ["stays at the target", 10_000n, 5_000n, 10_000n, {}],
    ["rises by an eighth when everything is in use", 10_000n, 10_000n, 11_250n, {}],
    ["falls by an eighth when nothing is in use", 10_000n, 0n, 8_750n, {}],
    ["rounds a rise down, for the payer", 10_001n, 7_000n, 10_501n, {}],
    ["rounds a fall towards zero, for the provider", 10_001n, 3_000n, 9_501n, {}],
    ["rises by at least one basis point", 10_000n, 5_001n, 10_001n, { denominator: 1_000n }],
    ["falls by at least one basis point", 10_000n, 4_999n, 9_999n, { denominator: 1_000n }],
    ["rises by at most maxStepBps", 10_000n, 10_000n, 10_300n, { maxStepBps: 300n }],
    ["falls by at most maxStepBps", 10_000n, 0n, 9_700n, { maxStepBps: 300n }],
    ["stops at maxBps", 39_500n, 10_000n, 40_000n, {}],
    ["stops at minBps", 5_100n, 0n, 5_000n, {}],
    ["returns into bounds that were narrowed", 90_000n, 5_000n, 40_000n, {}],
  ] as const) {
    it(what, () => {
      expect(nextMultiplier(current, utilisation, { ...RULE, ...rule })).to.equal(next);
    });
  }

  it("with any rule: stays within its bounds and moves by at most maxStepBps", () => {
    fc.assert(
      fc.property(anyRule, anyMultiplier, anyUtilisation, (rule, before, utilisation) => {
        const current = clamped(before, rule);
        const next = nextMultiplier(before, utilisation, rule);
        expect(next >= rule.minBps && next <= rule.maxBps).to.equal(true);
        const change = next - current;
        expect(change <= rule.maxStepBps && -change <= rule.maxStepBps).to.equal(true);
      }),
    );
  });

  it("with any rule: follows the formula, rounded towards zero, by at least one basis point", () => {
    const wide = { minBps: 1n, maxBps: 10n ** 12n, maxStepBps: 10n ** 12n };
    fc.assert(
      fc.property(anyRule, anyMultiplier, anyUtilisation, (anyOne, current, utilisation) => {
        const rule = { ...anyOne, ...wide };
        const next = nextMultiplier(current, utilisation, rule);
        const distance = utilisation - rule.targetBps;
        const [exact, divisor] = [current * abs(distance), rule.targetBps * rule.denominator];
        const rounded = exact / divisor;
        const size = distance !== 0n && rounded === 0n ? 1n : rounded;
        const moved = distance > 0n ? current + size : current - size;
        // A change below one basis point becomes one.
        expect(next).to.equal(moved < 1n ? 1n : moved);
      }),
    );
  });

  it("with a higher utilisation: is not lower", () => {
    fc.assert(
      fc.property(anyRule, anyMultiplier, anyUtilisation, anyUtilisation, (rule, current, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const [lower, higher] = [low, high].map((u) => nextMultiplier(current, u, rule));
        if (lower === undefined || higher === undefined) throw new Error("two were asked for");
        expect(higher >= lower).to.equal(true);
      }),
    );
  });
});

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 1) + seconds * 1000);
const report = (seconds: number) => ({
  utilisationBps: 10_000n,
  rateCardVersion: 1,
  at: at(seconds),
});

describe("stepMultiplier", () => {
  it("makes a step after exactly stepSeconds, and not a millisecond earlier", () => {
    const first = stepMultiplier(null, report(0), RULE);
    if ("tooSoonUntil" in first) throw new Error("there was none before");
    expect(first).to.include({ step: 1, beforeBps: 10_000n, afterBps: 11_250n });
    expect(stepMultiplier(first, report(59.999), RULE)).to.deep.equal({ tooSoonUntil: at(60) });
    expect(stepMultiplier(first, report(60), RULE)).to.include({
      step: 2,
      beforeBps: 11_250n,
      afterBps: 12_656n,
    });
  });

  it("with several card versions: leaves a log that replays to the same multipliers", () => {
    const anyReport = fc.record({
      utilisationBps: anyUtilisation,
      rateCardVersion: fc.constantFrom(1, 2),
      waitSeconds: fc.integer({ min: 0, max: 7_200 }),
    });
    fc.assert(
      fc.property(fc.tuple(anyRule, anyRule), fc.array(anyReport), ([one, two], reports) => {
        const ruleOf = (version: number) => (version === 1 ? one : two);
        const log: MultiplierStep[] = [];
        let seconds = 0;
        for (const { waitSeconds, ...each } of reports) {
          seconds += waitSeconds;
          const made = stepMultiplier(
            log.at(-1) ?? null,
            { ...each, at: at(seconds) },
            ruleOf(each.rateCardVersion),
          );
          if ("step" in made) log.push(made);
        }
        expect(replaySteps(log, ruleOf)).to.deep.equal(log);
        // A manipulated log does not.
        const [first, ...rest] = log;
        if (first !== undefined) {
          const forged = [{ ...first, afterBps: first.afterBps + 1n }, ...rest];
          expect(replaySteps(forged, ruleOf)).to.not.deep.equal(forged);
        }
      }),
    );
  });
});

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
