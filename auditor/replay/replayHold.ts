import { isDeepStrictEqual } from "node:util";

import { zeroAddress } from "viem";

import {
  type Hold,
  type HoldLot,
  MAIN_LINE,
  isExpired,
  partsOf,
} from "@compute-credits/rules/holds/hold";
import { returnHeld } from "@compute-credits/rules/holds/resolve";
import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { pricePinned } from "@compute-credits/rules/pricing/pinnedRate";
import { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import { applyDraft } from "./applyDraft.ts";
import type { AuditState } from "./auditState.ts";
import { type HeldUnits, checkPinnedRate } from "./checkPinnedRate.ts";
import { explainCharges } from "./explainCharges.ts";
import type { Finding } from "./finding.ts";
import { type Payment, honestCharges, honestPayments, honestQuoted } from "./honestPayments.ts";
import type { ReplayTerms } from "./terms.ts";

/** Checks a hold and applies it. */
export function replayHold(
  state: AuditState,
  entry: LogEntryOf<"hold">,
  terms: ReplayTerms,
): Finding[] {
  const event = { provider: entry.provider, id: entry.id };
  if (state.holds.has(eventKey(entry))) {
    const text = `the hold ${entry.id} of ${entry.provider} was created twice`;
    return [
      {
        kind: "hold_doubled",
        party: null,
        event,
        expected: null,
        actual: null,
        differenceMicros: null,
        text,
      },
    ];
  }
  const { lot, findings } = replayUnits(state, entry, terms);
  const { provider, id, spender, createdAt, expiresAt } = entry;
  const hold = { provider, id, spender, createdAt, expiresAt, lots: [lot] };
  state.setHold({ ...hold, requestHash: "0x", resolution: null });
  return findings;
}

/** Checks units that were reserved, and reserves them. Returns the lot as it should be. */
export function replayUnits(
  state: AuditState,
  units: HeldUnits,
  terms: ReplayTerms,
): { readonly lot: HoldLot; readonly findings: Finding[] } {
  const event = { provider: units.provider, id: units.id };
  const now = units.createdAt;
  const amountMicros = pricePinned(units.rate, units.quantity);
  const honest =
    units.quoteExpiresAt === null
      ? honestCharges(state, { ...units, occurredAt: now }, { now, as: "held" })
      : [];
  const rates = honest.map(({ pinned }) => pinned);
  const rate = checkPinnedRate(state, units, rates, terms.maxQuoteSeconds);
  const findings = rate === null ? [] : [rate];

  const isHeldSo = ({ charges }: Payment) =>
    isDeepStrictEqual(
      charges.map(({ allowance }) => allowance),
      units.allowances,
    );
  const atLoggedRate = honest.filter(({ pinned }) => isDeepStrictEqual(pinned, units.rate));
  // A wrong rate can still be paid by the right accounts.
  const payments = [atLoggedRate, quotedPayments(state, units)].find((each) => each.some(isHeldSo));
  const payable = payments ?? honestPayments(state, units, { amountMicros, now, as: "held" });
  const payment = payable.find(isHeldSo);
  if (payment === undefined) {
    findings.push(
      explainCharges(state, event, units, {
        charges: loggedCharges(state, units, amountMicros),
        expected: payable[0] ?? null,
        now,
      }),
    );
  }
  // If the payers are wrong, applies the right ones, so that captures show the wrong charges.
  const applied = payment ?? payable[0];
  if (applied !== undefined) applyDraft(state, applied.draft);
  const parts = (applied?.charges ?? []).map(
    ({ account, allowance, amountMicros: heldMicros }) => ({
      account,
      allowance,
      heldMicros,
    }),
  );
  const { line = MAIN_LINE, meter, dimensions, quantity } = units;
  const lot = { line, meter, dimensions, quantity, rate: units.rate, heldAt: now, parts };
  return { lot: { ...lot, capturedMicros: 0n, capturedQuantity: 0n }, findings };
}

/** The payments at a quoted rate with tiers; none for other holds. */
function quotedPayments(state: AuditState, entry: HeldUnits): readonly Payment[] {
  const { rate, quoteExpiresAt, createdAt: now } = entry;
  if (quoteExpiresAt === null || !state.hasOwnPrices || !("use" in rate)) return [];
  return honestQuoted(state, entry, { quote: { account: rate.use.account, rate }, now });
}

/**
 * The charges of a hold by the log. The log lists its allowances without amounts, so the first gets
 * the whole amount.
 */
function loggedCharges(state: AuditState, { allowances }: HeldUnits, amountMicros: bigint) {
  return allowances.map((id, part) => ({
    account: state.allowances.get(id)?.message.account ?? zeroAddress,
    allowance: id,
    amountMicros: part === 0 ? amountMicros : 0n,
  }));
}

/** Checks the end of a hold and applies it: returns all credits still held. */
export function replayHoldEnd(state: AuditState, entry: LogEntryOf<"hold_end">): Finding[] {
  const hold = state.holds.get(eventKey(entry));
  const about = {
    party: hold?.lots[0]?.parts[0]?.account ?? null,
    event: { provider: entry.provider, id: entry.id },
    differenceMicros: null,
  };
  if (hold === undefined || hold.resolution !== null) {
    const text = `the hold ${entry.id} of ${entry.provider} ends as ${entry.as}, but it ${hold === undefined ? "does not exist" : "had ended before"}`;
    return [{ ...about, kind: "hold_not_found", expected: null, actual: entry.as, text }];
  }
  const draft = holdDraft(state, hold, entry.at);
  const ended = returnHeld(hold, entry.as === "expired" ? "expired" : "released", draft);
  applyDraft(state, draft);
  state.setHold({ ...ended, resolution: { as: entry.as, at: entry.at } });
  if (entry.as === "expired" && !isExpired(hold, entry.at)) {
    const text = `the hold ${entry.id} of ${entry.provider} expired at ${entry.at.toISOString()}, but it was valid until ${hold.expiresAt.toISOString()}`;
    return [
      {
        ...about,
        kind: "hold_ended_early",
        expected: hold.expiresAt.toISOString(),
        actual: entry.at.toISOString(),
        text,
      },
    ];
  }
  return [];
}

/** A draft with the accounts and allowances of a hold. */
export function holdDraft(state: AuditState, hold: Pick<Hold, "lots">, now: Date): SpendingDraft {
  const ids = new Set(partsOf(hold).map(({ allowance }) => allowance));
  const allowances = [...ids].flatMap((id) => state.allowances.get(id) ?? []);
  const campaigns = state.campaignsOf(allowances);
  const accounts = state.parties;
  return new SpendingDraft({ now, allowances, campaigns, accounts, hasAccess: () => false });
}
