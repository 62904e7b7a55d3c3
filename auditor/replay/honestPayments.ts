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
import { type AuditState, type AuditedAllowance, accessKey } from "./auditState.ts";
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
  return viewsOf(state, work, now).flatMap((view) => {
    const usable = draftOf(state, view, now).usable(work);
    if ("reason" in usable) return [];
    return rates.flatMap((found) => {
      const draft = draftOf(state, view, now);
      const pin = (account: Address) => pinFromState(state, found, { ...work, account, at });
      const charged = charge(state, draft, usable, { quantity: work.quantity, pin }, as);
      return "reason" in charged ? [] : [{ ...charged, draft }];
    });
  });
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
  const signed = state
    .ofSpender(spender)
    .filter(({ isSigned, message }) => isSigned && state.acceptance(message)?.accepted === true);
  // The draft needs every account, including those without any chain event yet.
  for (const { message } of signed) {
    if (!state.parties.has(message.account)) {
      state.parties.set(message.account, state.party(message.account));
    }
  }
  const isNew = (at: Date) => now.getTime() - at.getTime() < PROPAGATION_MS;
  const access = state.access.get(accessKey(spender, provider));
  const isGranted = access !== undefined && !access.ended;
  const accessViews = isGranted && isNew(access.createdAt) ? [true, false] : [isGranted];

  // An allowance counts since it was posted, or since its account was accepted after that.
  const sinceOf = ({ createdAt, message }: AuditedAllowance) => {
    const acceptedAt = state.acceptance(message)?.changedAt ?? createdAt;
    return acceptedAt > createdAt ? acceptedAt : createdAt;
  };
  const old = signed.filter((allowance) => !isNew(sinceOf(allowance)));
  const recent = signed
    .filter((allowance) => isNew(sinceOf(allowance)))
    .toSorted((a, b) => sinceOf(a).getTime() - sinceOf(b).getTime());
  // The complete view comes first, because it is nearly always the right one.
  const sets: (readonly AuditedAllowance[])[] = [];
  for (let seen = recent.length; seen >= 0; seen--) sets.push([...old, ...recent.slice(0, seen)]);
  return accessViews.flatMap((hasAccess) => sets.map((allowances) => ({ hasAccess, allowances })));
}
