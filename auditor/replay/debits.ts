import type { Address } from "viem";

import type { LogEntryOf, LoggedCharge } from "@compute-credits/rules/log/logEntry";
import { renewUsage } from "@compute-credits/rules/allowances/period";
import type { Hold } from "@compute-credits/rules/holds/hold";
import { capture, checkOpen } from "@compute-credits/rules/holds/resolve";
import type { PinnedRate } from "@compute-credits/rules/pricing/pinnedRate";
import { feeOf } from "@compute-credits/rules/pricing/price";
import { priceBasisOf } from "@compute-credits/rules/pricing/priceBasis";
import { tierUnitsOf } from "@compute-credits/rules/pricing/priceDraft";
import { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import { type AuditState, eventName } from "./auditState.ts";
import { applyDraft } from "./applyDraft.ts";
import { type EventName, type Finding, textOfDifference, textOfEvent } from "./finding.ts";
import {
  type Payment,
  explainCharges,
  firstUsable,
  honestPayments,
  sameCharges,
  textOfCharges,
} from "./payers.ts";
import { checkPrice, textOf } from "./prices.ts";
import { type ReplayTerms, feeBpsAt } from "./terms.ts";

/**
 * Checks one event and auditState it as it was charged, right or wrong: so what follows is checked by itself, and one lie is one
 * finding.
 */
export function replayDebit(
  auditState: AuditState,
  entry: LogEntryOf<"debit">,
  terms: ReplayTerms,
): Finding[] {
  const event: EventName = { provider: entry.provider, id: entry.id };
  const total = entry.charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  const party = entry.charges[0]?.account ?? null;
  const findings: Finding[] = [];

  const before = auditState.events.get(eventName(entry));
  if (before !== undefined) {
    findings.push({
      kind: "event_doubled",
      party,
      event,
      expected: "0",
      actual: `${total}`,
      differenceMicros: total,
      text: `${textOfEvent(event)} is charged again: ${total} micro-credits to ${party}, recorded ${entry.recordedAt.toISOString()}; it was charged before, recorded ${before.recordedAt.toISOString()}`,
    });
  } else if (terms.notBefore !== null && entry.recordedAt < terms.notBefore) {
    findings.push({
      kind: "backdated",
      party,
      event,
      expected: `not before ${terms.notBefore.toISOString()}`,
      actual: entry.recordedAt.toISOString(),
      differenceMicros: null,
      text: `${textOfEvent(event)} says that it was recorded ${entry.recordedAt.toISOString()}, and the checkpoint before, which does not hold it, is younger`,
    });
  }

  const checked =
    entry.holdId === null
      ? checkUsage(auditState, entry, event)
      : checkCapture(auditState, entry, event, entry.holdId);
  findings.push(...checked.findings, ...checkFees(entry, event, terms));
  book(auditState, entry, checked, terms);
  return findings;
}

interface Checked {
  readonly findings: readonly Finding[];
  /** `null` where nobody honest would have charged like this */
  readonly draft: SpendingDraft | null;
  readonly pinned: PinnedRate | null;
  readonly takenAt: Date;
}

function checkUsage(auditState: AuditState, entry: LogEntryOf<"debit">, event: EventName): Checked {
  const now = entry.recordedAt;
  const amountMicros = entry.charges.reduce((sum, charge) => sum + charge.amountMicros, 0n);
  const firsts = firstUsable(auditState, entry, now).map(({ message }) => message.account);
  const named = entry.priceBasis?.use?.account;
  // Where nobody can pay, the price still can be right.
  const payers =
    firsts.length > 0 ? firsts : [named ?? entry.charges[0]?.account ?? event.provider];
  const { pinned, finding } = checkPrice(auditState, entry, [...new Set<Address>(payers)]);
  const findings = finding === null ? [] : [finding];

  const payments = honestPayments(auditState, entry, { amountMicros, now, as: "spent" });
  const right = payments.find(({ charges }) => sameCharges(charges, entry.charges));
  if (right !== undefined) return { findings, draft: right.draft, pinned, takenAt: now };
  findings.push(explain(auditState, entry, event, payments[0] ?? null));
  return { findings, draft: null, pinned, takenAt: now };
}

function explain(
  auditState: AuditState,
  entry: LogEntryOf<"debit">,
  event: EventName,
  expected: Payment | null,
): Finding {
  const { charges, recordedAt: now } = entry;
  return explainCharges(auditState, event, entry, { charges, expected, now });
}

function checkCapture(
  auditState: AuditState,
  entry: LogEntryOf<"debit">,
  event: EventName,
  id: string,
): Checked {
  const now = entry.recordedAt;
  const hold = auditState.holds.get(eventName({ provider: entry.provider, id }));
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
        text: `${textOfEvent(event)}, ${total} micro-credits, ${text}`,
      },
    ],
    draft: null,
    pinned: hold?.rate ?? null,
    takenAt: hold?.createdAt ?? now,
  });

  if (hold === undefined)
    return wrong("hold_not_found", `captures the hold ${id}, which was never made`);
  if (checkOpen(hold, now) !== null) {
    return wrong(
      "hold_over",
      `captures the hold ${id}, which was over ${hold.resolution?.at.toISOString() ?? hold.expiresAt.toISOString()}`,
    );
  }
  if (
    hold.spender !== entry.spender ||
    hold.meter !== entry.meter ||
    textOf(hold.dimensions) !== textOf(entry.dimensions)
  ) {
    return wrong(
      "wrong_payer",
      `captures the hold ${id} for another spender or other work than it was made for`,
    );
  }
  const draft = holdDraft(auditState, hold, now);
  const captured = capture(hold, { quantity: entry.quantity, final: false }, draft);
  if ("reason" in captured) {
    const expected = captured.reason === "capture_exceeds_hold" ? captured.heldMicros : 0n;
    return wrong("wrong_price", `is more than the hold ${id} has left`, expected);
  }
  if (captured.costMicros !== total) {
    const difference = textOfDifference(total - captured.costMicros);
    return wrong(
      "wrong_price",
      `captures the hold ${id}, at whose price it is ${captured.costMicros}: ${difference}`,
      captured.costMicros,
    );
  }
  auditState.setHold(captured.hold);
  const findings: Finding[] = [];
  const basis = priceBasisOf(hold.rate, hold.capturedQuantity);
  if (
    hold.rate.rateCardVersion !== entry.rateCardVersion ||
    textOf(basis) !== textOf(entry.priceBasis)
  ) {
    findings.push({
      ...about,
      kind: "wrong_price_basis",
      expected: `card ${hold.rate.rateCardVersion}, ${textOf(basis)}`,
      actual: `card ${entry.rateCardVersion}, ${textOf(entry.priceBasis)}`,
      differenceMicros: 0n,
      text: `${textOfEvent(event)} names another price than the one that its hold ${id} pinned`,
    });
  }
  if (!sameCharges(captured.charges, entry.charges)) {
    findings.push({
      ...about,
      kind: "wrong_payer",
      expected: textOfCharges(captured.charges),
      actual: textOfCharges(entry.charges),
      differenceMicros: total,
      text: `${textOfEvent(event)} was paid by ${textOfCharges(entry.charges)}; the hold ${id} has it from ${textOfCharges(captured.charges)}`,
    });
    return { findings, draft: null, pinned: hold.rate, takenAt: hold.createdAt };
  }
  return { findings, draft, pinned: hold.rate, takenAt: hold.createdAt };
}

/** On the accounts and allowances that a hold is made of. */
export function holdDraft(
  auditState: AuditState,
  { parts }: Pick<Hold, "parts">,
  now: Date,
): SpendingDraft {
  const allowances = parts.flatMap(({ allowance }) => auditState.allowances.get(allowance) ?? []);
  const campaigns = auditState.campaignsOf(allowances);
  const accounts = auditState.parties;
  return new SpendingDraft({ now, allowances, campaigns, accounts, hasAccess: () => false });
}

/** The provider gets all of a charge but the fee, which rounds down. */
function checkFees(
  { charges, provider, recordedAt }: LogEntryOf<"debit">,
  event: EventName,
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
        text: `${provider} earned ${amountMicros - feeMicros} micro-credits by ${textOfEvent(event)}, and ${amountMicros - expected} were due after a fee of ${feeBps} basis points: ${textOfDifference(differenceMicros)}`,
      },
    ];
  });
}

function book(
  auditState: AuditState,
  entry: LogEntryOf<"debit">,
  { draft, pinned, takenAt }: Checked,
  terms: ReplayTerms,
): void {
  if (draft === null) force(auditState, entry.charges, entry.recordedAt);
  else applyDraft(auditState, draft);

  const earned = entry.charges.reduce(
    (sum, charge) => sum + charge.amountMicros - charge.feeMicros,
    0n,
  );
  const provider = auditState.party(entry.provider);
  auditState.setParty({ ...provider, earned: provider.earned + earned });

  const use = entry.priceBasis?.use ?? null;
  if (use !== null) auditState.addUnits(use, entry.quantity);
  else
    for (const added of pinned === null ? [] : tierUnitsOf(pinned, entry.quantity)) {
      auditState.addUnits(added.use, added.units);
    }
  auditState.setEvent(eventName(entry), {
    recordedAt: entry.recordedAt,
    takenAt,
    quantity: entry.quantity,
    use,
    charges: entry.charges,
    cut: terms.cut,
    voided: false,
  });
}

/** AuditState charges that no rule allows, for what they are. */
function force(auditState: AuditState, charges: readonly LoggedCharge[], now: Date): void {
  for (const { account, allowance: id, amountMicros } of charges) {
    const party = auditState.party(account);
    auditState.setParty({ ...party, spent: party.spent + amountMicros });
    const allowance = auditState.allowances.get(id);
    if (allowance === undefined) continue;
    for (const budget of [allowance, ...auditState.campaignsOf([allowance])]) {
      const usage = renewUsage(budget.message, budget.usage, now);
      auditState.setUsage(budget.id, {
        ...usage,
        periodSpentMicros: usage.periodSpentMicros + amountMicros,
        spentMicros: usage.spentMicros + amountMicros,
      });
    }
  }
}
