import { type ChargeRequest } from "@compute-credits/rules/allowances/usability";
import { type Charge, SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import { type AuditState, type AuditedAllowance, accessKey } from "./auditState.ts";
import { PROPAGATION_MS } from "./terms.ts";

/** The charges that pay an amount, and the draft with their effect on accounts and allowances. */
export interface Payment {
  readonly charges: readonly Charge[];
  readonly draft: SpendingDraft;
}

/** The access and allowances that one server may have seen: the newest may be missing. */
interface View {
  readonly hasAccess: boolean;
  readonly allowances: readonly AuditedAllowance[];
}

/**
 * All ways in which an honest server may have paid `amountMicros`. There is one, unless an
 * allowance or access was written within `PROPAGATION_MS` before.
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
    const charges = draft.take(usable, amountMicros, as);
    return "reason" in charges ? [] : [{ charges, draft }];
  });
}

/** The allowances that may have paid first, one per view. Their accounts' usage selects tiers. */
export function firstUsable(
  state: AuditState,
  request: ChargeRequest,
  now: Date,
): readonly AuditedAllowance[] {
  return viewsOf(state, request, now).flatMap((view) => {
    const usable = draftOf(state, view, now).usable(request);
    const first = "reason" in usable ? undefined : usable[0];
    return first === undefined ? [] : (state.allowances.get(first.id) ?? []);
  });
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
  const signed = state.ofSpender(spender).filter(({ isSigned }) => isSigned);
  // The draft needs every account, including those without any chain event yet.
  for (const { message } of signed) {
    if (!state.parties.has(message.account)) {
      state.parties.set(message.account, state.party(message.account));
    }
  }
  const isNew = (createdAt: Date) => now.getTime() - createdAt.getTime() < PROPAGATION_MS;
  const access = state.access.get(accessKey(spender, provider));
  const isGranted = access !== undefined && !access.ended;
  const accessViews = isGranted && isNew(access.createdAt) ? [true, false] : [isGranted];

  const old = signed.filter(({ createdAt }) => !isNew(createdAt));
  const recent = signed
    .filter(({ createdAt }) => isNew(createdAt))
    .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  // The complete view comes first, because it is nearly always the right one.
  const sets: (readonly AuditedAllowance[])[] = [];
  for (let seen = recent.length; seen >= 0; seen--) sets.push([...old, ...recent.slice(0, seen)]);
  return accessViews.flatMap((hasAccess) => sets.map((allowances) => ({ hasAccess, allowances })));
}
