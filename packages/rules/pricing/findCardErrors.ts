import type { Rate } from "./rate.ts";
import { ambiguousPair } from "./rateCard.ts";

/** An error between fields of a card, each of which is well formed by itself. */
export interface CardError {
  readonly reason:
    | "ambiguous_rates"
    | "tiers_not_ascending"
    | "last_tier_bounded"
    | "bounds_reversed"
    | "start_out_of_bounds";
  readonly path: readonly (string | number)[];
  readonly detail: string;
}

/** Finds all errors of a card. Empty for a card that can be published. */
export function findCardErrors(rates: readonly Rate[]): readonly CardError[] {
  const ofRates = rates.flatMap((rate, index) =>
    rateErrors(rate).map((error) => ({ ...error, path: ["rates", index, ...error.path] })),
  );
  const pair = ambiguousPair(rates);
  if (pair === null) return ofRates;

  const [first, second] = pair;
  const [one, other] = pair.map(({ dimensions }) => JSON.stringify(dimensions));
  const detail =
    `an event of ${first.meter} could match both ${one} and ${other}; ` +
    "give one of them another dimension";
  return [
    ...ofRates,
    { reason: "ambiguous_rates", path: ["rates", rates.lastIndexOf(second)], detail },
  ];
}

function rateErrors(rate: Rate): readonly CardError[] {
  switch (rate.kind) {
    case undefined:
    case "fixed":
      return [];
    case "graduated":
    case "volume":
      return rate.tiers.flatMap(({ upTo }, index): CardError[] => {
        const path = ["tiers", index, "upTo"];
        const before = rate.tiers[index - 1]?.upTo ?? 0n;
        if (index === rate.tiers.length - 1) {
          const detail = 'the last tier has no end: give it "upTo": null';
          return upTo === null ? [] : [{ reason: "last_tier_bounded", path, detail }];
        }
        const detail = 'every tier but the last has an "upTo", each larger than the one before';
        return upTo !== null && upTo > before
          ? []
          : [{ reason: "tiers_not_ascending", path, detail }];
      });
    case "dynamic": {
      const { minBps, maxBps, startBps } = rate.multiplier;
      if (minBps > maxBps) {
        const detail = `minBps ${minBps} is more than maxBps ${maxBps}`;
        return [{ reason: "bounds_reversed", path: ["multiplier", "minBps"], detail }];
      }
      if (startBps >= minBps && startBps <= maxBps) return [];
      const detail = `startBps ${startBps} is not from minBps ${minBps} to maxBps ${maxBps}`;
      return [{ reason: "start_out_of_bounds", path: ["multiplier", "startBps"], detail }];
    }
    default:
      return rate satisfies never;
  }
}
