import type { Address } from "viem";

import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { ChargeRequest } from "@compute-credits/rules/allowances/usability";
import { type QuotedPrice, chargeQuoted } from "@compute-credits/rules/holds/chargeQuoted";
import type { PinnedRate } from "@compute-credits/rules/pricing/pinnedRate";
import { pricedAt } from "@compute-credits/rules/pricing/price";
import type { RateQuery } from "@compute-credits/rules/pricing/rateIndex";
import {
  type RatedWork,
  chargeAtOnePrice,
  chargeWork,
} from "@compute-credits/rules/spending/chargeWork";
import type { Charge } from "@compute-credits/rules/spending/findCharges";
import { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import type { AuditState, AuditedAllowance } from "./auditState.ts";
import { honestRates, pinFromState } from "./honestRates.ts";
import { PROPAGATION_MS } from "./terms.ts";

/** The charges that pay an amount, and the draft with their effect on accounts and allowances. */
export interface Payment {
  readonly charges: readonly Charge[];
  readonly draft: SpendingDraft;
}

/** A payment with the rate that it is at. */
export interface HonestCharge extends Payment {
  readonly pinned: PinnedRate;
}

/** The access and allowances that one server may have seen: the newest may be missing. */
interface View {
  readonly hasAccess: boolean;
  readonly allowances: readonly AuditedAllowance[];
}

/**
 * All ways in which an honest server may have paid `amountMicros`. There is one, unless an
 * allowance, acceptance or access was written within `PROPAGATION_MS` before.
 */
export function honestPayments(
  state: AuditState,
  request: ChargeRequest,
  { amountMicros, now, as }: { amountMicros: bigint; now: Date; as: "spent" | "held" },
): readonly Payment[] {
  return viewsOf(state, request, now).flatMap((view) => {
    const draft = draftOf(state, view, now);
    const usable = draft.usable(request);
    if ("reason" in usable) return [];
    const taken = draft.take(usable, { priceMicros: amountMicros }, as);
    return "reason" in taken ? [] : [{ charges: taken.charges, draft }];
  });
}

/**
 * All ways in which an honest server may have priced and charged some work. There is one, unless an
 * allowance, access or card was written within `PROPAGATION_MS` before.
 */
export function honestCharges(
  state: AuditState,
  work: RateQuery & ChargeRequest & { readonly quantity: bigint; readonly occurredAt: Date },
  { now, as }: { now: Date; as: "spent" | "held" },
): readonly HonestCharge[] {
  const at = pricedAt({ occurredAt: work.occurredAt, now });
  const rates = honestRates(state, work, { at, now });
  const honest: HonestCharge[] = [];
  for (const view of viewsOf(state, work, now)) {
    const before = draftOf(state, view, now);
    const usable = before.usable(work);
    if ("reason" in usable) continue;
    for (const [index, found] of rates.entries()) {
      // Each charge changes a draft of its own.
      const draft = index === 0 ? before : draftOf(state, view, now);
      const pin = (account: Address) => pinFromState(state, found, { ...work, account, at });
      const charged = charge(state, draft, usable, { quantity: work.quantity, pin }, as);
      if ("reason" in charged) continue;
      const { charges, pinned } = charged;
      honest.push({ charges, pinned, draft });
    }
  }
  return honest;
}

/** All ways in which an honest server may have held credits at a quoted rate. */
export function honestQuoted(
  state: AuditState,
  work: RateQuery & ChargeRequest & { readonly quantity: bigint },
  { quote, now }: { quote: QuotedPrice; now: Date },
): readonly Payment[] {
  const rates = honestRates(state, work, { at: now, now });
  return viewsOf(state, work, now).flatMap((view) => {
    const usable = draftOf(state, view, now).usable(work);
    if ("reason" in usable) return [];
    return (rates.length === 0 ? [null] : rates).flatMap((found) => {
      const draft = draftOf(state, view, now);
      const pin = (account: Address) =>
        found === null
          ? quote.rate
          : pinFromState(state, found, { ...work, account, occurredAt: now, at: now });
      const charged = chargeQuoted(draft, usable, { quantity: work.quantity, quote, pin });
      return "reason" in charged ? [] : [{ charges: charged.charges, draft }];
    });
  });
}

/** Charges by the rule in force at this point of the log. */
function charge(
  { hasOwnPrices }: AuditState,
  draft: SpendingDraft,
  usable: readonly Allowance[],
  work: RatedWork,
  as: "spent" | "held",
) {
  const [first] = usable;
  if (hasOwnPrices || first === undefined) return chargeWork(draft, usable, work, as);
  const pinned = work.pin(first.message.account);
  return chargeAtOnePrice(draft, usable, { pinned, quantity: work.quantity }, as);
}

function draftOf(state: AuditState, { hasAccess, allowances }: View, now: Date): SpendingDraft {
  return new SpendingDraft({
    now,
    allowances,
    campaigns: state.campaignsOf(allowances),
    accounts: state.parties,
    hasAccess: () => hasAccess,
  });
}

function viewsOf(
  state: AuditState,
  { spender, provider }: ChargeRequest,
  now: Date,
): readonly View[] {
  const newSince = now.getTime() - PROPAGATION_MS;
  const old: AuditedAllowance[] = [];
  const recent: { readonly allowance: AuditedAllowance; readonly since: number }[] = [];
  for (const allowance of state.ofSpender(spender)) {
    const acceptance = state.acceptance(allowance.message);
    if (!allowance.isSigned || acceptance?.accepted !== true) continue;
    // The draft needs every account, including those without any chain event yet.
    const { account } = allowance.message;
    if (!state.parties.has(account)) state.parties.set(account, state.party(account));
    // An allowance counts since it was posted, or since its account was accepted after that.
    const since = Math.max(acceptance.changedAt.getTime(), allowance.createdAt.getTime());
    if (since > newSince) recent.push({ allowance, since });
    else old.push(allowance);
  }
  const access = state.access.get(spender, provider);
  const isGranted = access !== undefined && !access.ended;
  const isNew = isGranted && access.createdAt.getTime() > newSince;
  const accessViews = isNew ? [true, false] : [isGranted];

  recent.sort((a, b) => a.since - b.since);
  // The complete view comes first, because it is nearly always the right one.
  const views: View[] = [];
  for (const hasAccess of accessViews) {
    for (let seen = recent.length; seen >= 0; seen--) {
      const unsettled = recent.slice(0, seen).map(({ allowance }) => allowance);
      views.push({ hasAccess, allowances: seen === 0 ? old : [...old, ...unsettled] });
    }
  }
  return views;
}
