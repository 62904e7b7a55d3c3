import { clamp } from "./clamp.ts";
import type { MultiplierRule } from "./rate.ts";

/**
 * The multiplier after a step, as EIP-1559 moves its base fee:
 *
 *     next = current + current × (utilisation − target) / (target × denominator)
 *
 * The change is rounded towards zero: up, the payer gains under a basis point; down, the provider does. It is at least
 * one basis point where utilisation and target differ, so that a small multiplier is never stuck; at most `maxStepBps`;
 * and the result is kept within the bounds, of which `current` may have been outside when a new version narrowed them.
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

/** One step, as it is logged. */
export interface MultiplierStep {
  /** 1 for the first */
  readonly step: number;
  /** in force from here on */
  readonly effectiveFrom: Date;
  readonly utilisationBps: bigint;
  readonly beforeBps: bigint;
  readonly afterBps: bigint;
  /** the card whose rule moved it */
  readonly rateCardVersion: number;
}

/** What a log says again when every step of it, oldest first, is made anew from the utilisation alone. */
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

/** The step that a report of utilisation leads to, or when the next one may be made. */
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

export function nextStepAt(last: MultiplierStep, { stepSeconds }: MultiplierRule): Date {
  return new Date(last.effectiveFrom.getTime() + stepSeconds * 1000);
}
