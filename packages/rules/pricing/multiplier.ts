import { clamp } from "./clamp.ts";
import type { MultiplierRule } from "./rate.ts";

/**
 * The multiplier after a step, by the formula of EIP-1559's base fee:
 *
 *     next = current + current × (utilisation − target) / (target × denominator)
 *
 * Rounds the change towards zero: the payer gains on the way up, the provider on the way down, by
 * less than a basis point. Moves by at least one basis point unless utilisation equals the target,
 * and by at most `maxStepBps`. Clamps `current` too, because a newer card may have narrower bounds.
 */
export function nextMultiplier(
  currentBps: bigint,
  utilisationBps: bigint,
  { targetBps, minBps, maxBps, maxStepBps, denominator }: MultiplierRule,
): bigint {
  const current = clamp(currentBps, minBps, maxBps);
  const distance = utilisationBps - targetBps;
  if (distance === 0n) return current;

  const exact = (current * distance) / (targetBps * denominator);
  const change = exact === 0n ? (distance > 0n ? 1n : -1n) : exact;
  return clamp(current + clamp(change, -maxStepBps, maxStepBps), minBps, maxBps);
}

/** One logged step of a multiplier. */
export interface MultiplierStep {
  /** 1 for the first */
  readonly step: number;
  /** `afterBps` applies from then on */
  readonly effectiveFrom: Date;
  readonly utilisationBps: bigint;
  readonly beforeBps: bigint;
  readonly afterBps: bigint;
  /** the card whose rule applied */
  readonly rateCardVersion: number;
}

/** Recomputes a log of steps, oldest first, from the reported utilisation alone. */
export function replaySteps(
  steps: readonly MultiplierStep[],
  ruleOf: (rateCardVersion: number) => MultiplierRule,
): readonly MultiplierStep[] {
  let last: bigint | null = null;
  const replayed: MultiplierStep[] = [];
  for (const { step, effectiveFrom, utilisationBps, rateCardVersion } of steps) {
    const rule = ruleOf(rateCardVersion);
    const beforeBps = clamp(last ?? rule.startBps, rule.minBps, rule.maxBps);
    const afterBps = nextMultiplier(beforeBps, utilisationBps, rule);
    replayed.push({ step, effectiveFrom, utilisationBps, beforeBps, afterBps, rateCardVersion });
    last = afterBps;
  }
  return replayed;
}

/** The step that follows from a utilisation report, or the time at which one is possible again. */
export function stepMultiplier(
  last: MultiplierStep | null,
  report: { utilisationBps: bigint; rateCardVersion: number; at: Date },
  rule: MultiplierRule,
): MultiplierStep | { readonly tooSoonUntil: Date } {
  const { utilisationBps, rateCardVersion, at: effectiveFrom } = report;
  if (last !== null) {
    const next = nextStepAt(last, rule);
    if (effectiveFrom < next) return { tooSoonUntil: next };
  }
  const beforeBps = clamp(last?.afterBps ?? rule.startBps, rule.minBps, rule.maxBps);
  return {
    step: (last?.step ?? 0) + 1,
    effectiveFrom,
    utilisationBps,
    beforeBps,
    afterBps: nextMultiplier(beforeBps, utilisationBps, rule),
    rateCardVersion,
  };
}

/** The earliest time of the next step. */
export function nextStepAt(last: MultiplierStep, { stepSeconds }: MultiplierRule): Date {
  return new Date(last.effectiveFrom.getTime() + stepSeconds * 1000);
}
