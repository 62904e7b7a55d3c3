import type { LogEntryOf, LoggedCharge } from "@compute-credits/rules/log/logEntry";
import { renewUsage } from "@compute-credits/rules/allowances/period";
import { captureBasis } from "@compute-credits/rules/holds/captureBasis";
import { MAIN_LINE } from "@compute-credits/rules/holds/hold";
import { capture, checkOpen } from "@compute-credits/rules/holds/resolve";
import { feeOf } from "@compute-credits/rules/pricing/price";
import { takenAtOfBasis, tierUnitsOfBasis } from "@compute-credits/rules/pricing/priceBasis";
import { type TierUnits, tierUnitsOf } from "@compute-credits/rules/pricing/tierUnits";
import type { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import { earlier, noteFirstUse } from "./firstUse.ts";
import { applyDraft } from "./applyDraft.ts";
import type { AuditState } from "./auditState.ts";
import { canonicalText } from "@compute-credits/rules/log/canonicalText";
import { checkPrice } from "./checkPrice.ts";
import { describeCharges, explainCharges, sameCharges } from "./explainCharges.ts";
import { type EventId, type Finding, describeDifference, describeEvent } from "./finding.ts";
import { type Payment, honestCharges, honestPayments } from "./honestPayments.ts";
import { holdDraft } from "./replayHold.ts";
import { type ReplayTerms, feeBpsAt } from "./terms.ts";

/**
 * Checks one event and applies it as it was charged, right or wrong. So one lie gives one finding,
 * and later entries are checked on their own.
 */
export function replayDebit(
  state: AuditState,
  entry: LogEntryOf<"debit">,
  terms: ReplayTerms,
): Finding[] {
  const event: EventId = { provider: entry.provider, id: entry.id };
  const total = entry.charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  const party = entry.charges[0]?.account ?? null;
  const findings: Finding[] = [];

  const name = eventKey(entry);
  const before = state.events.get(name);
  if (before !== undefined) {
    findings.push({
      kind: "event_doubled",
      party,
      event,
      expected: "0",
      actual: `${total}`,
      differenceMicros: total,
      text: `${describeEvent(event)} is charged twice: ${total} micro-credits to ${party}, recorded at ${entry.recordedAt.toISOString()} and at ${before.recordedAt.toISOString()}`,
    });
  } else if (terms.notBefore !== null && entry.recordedAt < terms.notBefore) {
    findings.push({
      kind: "backdated",
      party,
      event,
      expected: `not before ${terms.notBefore.toISOString()}`,
      actual: entry.recordedAt.toISOString(),
      differenceMicros: null,
      text: `${describeEvent(event)} has the recording time ${entry.recordedAt.toISOString()}, but the previous checkpoint is younger and does not hold it`,
    });
  }

  const checked =
    entry.holdId === null
      ? checkUsage(state, entry, event)
      : checkCapture(state, entry, event, entry.holdId);
  findings.push(...checked.findings, ...checkFees(entry, event, terms));
  applyDebit(state, entry, checked, { name, cut: terms.cut });
  return findings;
}

interface Checked {
  readonly findings: readonly Finding[];
  /** `null` if no honest server charges like this */
  readonly draft: SpendingDraft | null;
  /** the tiered usage, if the entry's basis names none */
  readonly counted: readonly TierUnits[];
  readonly takenAt: Date;
  /** of each charge, if extensions of a hold took some of them */
  readonly takenAts?: readonly Date[] | undefined;
}

function checkUsage(state: AuditState, entry: LogEntryOf<"debit">, event: EventId): Checked {
  const now = entry.recordedAt;
  const amountMicros = entry.charges.reduce((sum, charge) => sum + charge.amountMicros, 0n);
  const honest = honestCharges(state, entry, { now, as: "spent" });
  const { pinned, finding } = checkPrice(
    state,
    entry,
    honest.map((each) => each.pinned),
  );
  const findings = finding === null ? [] : [finding];
  const { quantity } = entry;
  const counted = pinned === null ? [] : tierUnitsOf(pinned, { usedUnits: 0n, quantity });

  const isPaidSo = ({ charges }: Payment) => sameCharges(charges, entry.charges);
  // A wrong price can still be paid by the right accounts.
  const payments = honest.some(isPaidSo)
    ? honest
    : honestPayments(state, entry, { amountMicros, now, as: "spent" });
  const match = payments.find(isPaidSo);
  if (match !== undefined) return { findings, draft: match.draft, counted, takenAt: now };
  findings.push(
    explainCharges(state, event, entry, {
      charges: entry.charges,
      expected: payments[0] ?? null,
      now,
    }),
  );
  return { findings, draft: null, counted, takenAt: now };
}

function checkCapture(
  state: AuditState,
  entry: LogEntryOf<"debit">,
  event: EventId,
  id: string,
): Checked {
  const now = entry.recordedAt;
  const hold = state.holds.get(eventKey({ provider: entry.provider, id }));
  const total = entry.charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  const about = { party: entry.charges[0]?.account ?? null, event };
  const wrong = (kind: Finding["kind"], text: string, expected = 0n): Checked => ({
    findings: [
      {
        ...about,
        kind,
        expected: `${expected}`,
        actual: `${total}`,
        differenceMicros: total - expected,
        text: `${describeEvent(event)}, ${total} micro-credits, ${text}`,
      },
    ],
    draft: null,
    counted: [],
    takenAt: hold?.createdAt ?? now,
  });

  if (hold === undefined)
    return wrong("hold_not_found", `captures the hold ${id}, which does not exist`);
  if (checkOpen(hold, now) !== null) {
    return wrong(
      "hold_over",
      `captures the hold ${id}, which ended at ${hold.resolution?.at.toISOString() ?? hold.expiresAt.toISOString()}`,
    );
  }
  const { line = MAIN_LINE } = entry;
  const lot = hold.lots.find((each) => each.line === line);
  if (lot === undefined) {
    return wrong("hold_not_found", `captures the line ${line}, which the hold ${id} does not have`);
  }
  if (
    hold.spender !== entry.spender ||
    lot.meter !== entry.meter ||
    canonicalText(lot.dimensions) !== canonicalText(entry.dimensions)
  ) {
    return wrong(
      "wrong_payer",
      `captures the hold ${id} for a different spender, meter or dimensions`,
    );
  }
  const draft = holdDraft(state, hold, now);
  const asked = { line, eventId: entry.id, quantity: entry.quantity };
  const captured = capture(hold, { lines: [asked], final: false }, draft);
  const [units] = "reason" in captured ? [] : captured.captured;
  if ("reason" in captured || units === undefined) {
    const isShort = "reason" in captured && captured.reason === "capture_exceeds_hold";
    const expected = isShort ? captured.heldMicros : 0n;
    return wrong("wrong_price", `is more than the hold ${id} has left`, expected);
  }
  const { costMicros, uses } = units;
  if (costMicros !== total) {
    const difference = describeDifference(total - costMicros);
    return wrong(
      "wrong_price",
      `captures the hold ${id}, by whose rate it costs ${costMicros}: ${difference}`,
      costMicros,
    );
  }
  state.setHold({ ...hold, ...captured.hold });
  const findings: Finding[] = [];
  const basis = captureBasis(uses, hold.createdAt);
  const version = uses[0]?.lot.rate.rateCardVersion;
  if (
    version !== entry.rateCardVersion ||
    canonicalText(basis) !== canonicalText(entry.priceBasis)
  ) {
    findings.push({
      ...about,
      kind: "wrong_price_basis",
      expected: `card ${version}, ${canonicalText(basis)}`,
      actual: `card ${entry.rateCardVersion}, ${canonicalText(entry.priceBasis)}`,
      differenceMicros: 0n,
      text: `${describeEvent(event)} has a price basis that differs from the rate of its hold ${id}`,
    });
  }
  const counted = uses.flatMap((use) =>
    tierUnitsOf(use.lot.rate, { usedUnits: use.lot.capturedQuantity, quantity: use.quantity }),
  );
  const charges = uses.flatMap((use) => use.charges);
  const taken = { charges: entry.charges.length, takenAt: hold.createdAt };
  const checked = {
    findings,
    counted,
    takenAt: hold.createdAt,
    takenAts: basis?.lots === undefined ? undefined : takenAtOfBasis(basis, taken),
  };
  if (!sameCharges(charges, entry.charges)) {
    findings.push({
      ...about,
      kind: "wrong_payer",
      expected: describeCharges(charges),
      actual: describeCharges(entry.charges),
      differenceMicros: total,
      text: `${describeEvent(event)} was paid by ${describeCharges(entry.charges)}; by the hold ${id} it was to be paid by ${describeCharges(charges)}`,
    });
    return { ...checked, draft: null };
  }
  return { ...checked, draft };
}

/** Checks the fees. The provider earns the charge less the fee, which rounds down. */
function checkFees(
  { charges, provider, recordedAt }: LogEntryOf<"debit">,
  event: EventId,
  terms: ReplayTerms,
): Finding[] {
  const feeBps = feeBpsAt(terms.fees, recordedAt);
  return charges.flatMap(({ amountMicros, feeMicros }): Finding[] => {
    const expected = feeOf(amountMicros, feeBps);
    if (feeMicros === expected) return [];
    const differenceMicros = expected - feeMicros;
    return [
      {
        kind: "wrong_fee",
        party: provider,
        event,
        expected: `${amountMicros - expected}`,
        actual: `${amountMicros - feeMicros}`,
        differenceMicros,
        text: `${provider} earned ${amountMicros - feeMicros} micro-credits with ${describeEvent(event)}, but ${amountMicros - expected} are due after a fee of ${feeBps} basis points: ${describeDifference(differenceMicros)}`,
      },
    ];
  });
}

/** Applies the event: payers, earnings, tiered usage, and the event itself. */
function applyDebit(
  state: AuditState,
  entry: LogEntryOf<"debit">,
  { draft, counted, takenAt, takenAts }: Checked,
  { name, cut }: { readonly name: string; readonly cut: bigint },
): void {
  if (draft === null) applyInvalidCharges(state, entry.charges, entry.recordedAt);
  else applyDraft(state, draft);

  const earned = entry.charges.reduce(
    (sum, charge) => sum + charge.amountMicros - charge.feeMicros,
    0n,
  );
  const provider = state.party(entry.provider);
  const firstPaidAt = earlier(provider.firstPaidAt, entry.recordedAt);
  state.setParty({ ...provider, earned: provider.earned + earned, firstPaidAt });
  for (const charge of entry.charges) noteFirstUse(state, charge, entry.recordedAt);

  const named = tierUnitsOfBasis(entry.priceBasis, entry.quantity);
  for (const { use, units } of named.length > 0 ? named : counted) state.addUnits(use, units);
  state.setEvent(name, {
    recordedAt: entry.recordedAt,
    takenAt,
    takenAts,
    tierUnits: named,
    charges: entry.charges,
    cut,
    voided: false,
  });
}

/** Applies charges that no rule allows, exactly as the log has them. */
function applyInvalidCharges(state: AuditState, charges: readonly LoggedCharge[], now: Date): void {
  for (const { account, allowance: id, amountMicros } of charges) {
    const party = state.party(account);
    state.setParty({ ...party, spent: party.spent + amountMicros });
    const allowance = state.allowances.get(id);
    if (allowance === undefined) continue;
    for (const budget of [allowance, ...state.campaignsOf([allowance])]) {
      const usage = renewUsage(budget.message, budget.usage, now);
      state.setUsage(budget.id, {
        ...usage,
        periodSpentMicros: usage.periodSpentMicros + amountMicros,
        spentMicros: usage.spentMicros + amountMicros,
      });
    }
  }
}
