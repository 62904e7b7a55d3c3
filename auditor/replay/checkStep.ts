import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { stepMultiplier } from "@compute-credits/rules/pricing/multiplier";
import { rateKey as rateKeyOf } from "@compute-credits/rules/pricing/rateKey";
import { type AuditState, stepsKey } from "./auditState.ts";
import type { Finding } from "./finding.ts";

/** Recomputes a multiplier step from the reported utilisation; `null` if it is right. */
export function checkStep(state: AuditState, entry: LogEntryOf<"multiplier">): Finding | null {
  const { provider, rateKey, step } = entry;
  const name = stepsKey(provider, rateKey);
  const last = state.steps.get(name)?.at(-1) ?? null;
  const wrong = (right: string, actual: string, why: string): Finding => ({
    kind: "wrong_multiplier",
    party: provider,
    event: null,
    expected: right,
    actual,
    differenceMicros: null,
    text: `step ${step.step} of the multiplier of ${rateKey} at ${provider} ${why}`,
  });

  const card = state.cards.get(step.rateCardVersion)?.card;
  const rate = card?.rates.find((one) => rateKeyOf(card.provider ?? null, one) === rateKey);
  if (rate?.kind !== "dynamic") {
    const why = `names card ${step.rateCardVersion}, which has no such rate`;
    return wrong("a dynamic rate", `card ${step.rateCardVersion}`, why);
  }
  if (step.step !== (last?.step ?? 0) + 1) {
    return wrong(`${(last?.step ?? 0) + 1}`, `${step.step}`, "is not the next step");
  }
  const { utilisationBps, rateCardVersion, effectiveFrom: at } = step;
  const expected = stepMultiplier(last, { utilisationBps, rateCardVersion, at }, rate.multiplier);
  if ("tooSoonUntil" in expected) {
    return wrong(expected.tooSoonUntil.toISOString(), at.toISOString(), "came too early");
  }
  if (step.beforeBps !== expected.beforeBps || step.afterBps !== expected.afterBps) {
    return wrong(
      `${expected.beforeBps} to ${expected.afterBps}`,
      `${step.beforeBps} to ${step.afterBps}`,
      `moves it from ${step.beforeBps} to ${step.afterBps} basis points; a utilisation of ${utilisationBps} moves it from ${expected.beforeBps} to ${expected.afterBps}`,
    );
  }
  return null;
}
