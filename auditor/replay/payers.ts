import type { Hex } from "viem";

import {
  type AllowanceObstacle,
  type ChargeRequest,
  findObstacle,
} from "@compute-credits/rules/allowances/usability";
import { remainingInPeriod, renewUsage } from "@compute-credits/rules/allowances/period";
import { available } from "@compute-credits/rules/accounts/account";
import { type Charge, SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import { type AuditedAllowance, type AuditState, accessName } from "./auditState.ts";
import { type EventName, type Finding, textOfDifference, textOfEvent } from "./finding.ts";
import { UNSEEN_MS } from "./terms.ts";

/** Who was to pay, and on which accounts and allowances that leaves its mark. */
export interface Payment {
  readonly charges: readonly Charge[];
  readonly usable: readonly AuditedAllowance[];
  readonly draft: SpendingDraft;
}

/** An access or an allowance too new for every server to have seen it is left out in some of the views. */
interface View {
  readonly withAccess: boolean;
  readonly allowances: readonly AuditedAllowance[];
}

/**
 * Every way in which an honest server may have chosen who pays `amountMicros`: one, unless an allowance or an access
 * was written at that very time.
 */
export function honestPayments(
  auditState: AuditState,
  request: ChargeRequest,
  { amountMicros, now, as }: { amountMicros: bigint; now: Date; as: "spent" | "held" },
): readonly Payment[] {
  return viewsOf(auditState, request, now).flatMap((view) => {
    const draft = draftOf(auditState, view, now);
    const usable = draft.usable(request);
    if ("reason" in usable) return [];
    const charges = draft.take(usable, amountMicros, as);
    if ("reason" in charges) return [];
    const known = usable.flatMap(({ id }) => auditState.allowances.get(id) ?? []);
    return [{ charges, usable: known, draft }];
  });
}

/** The allowance that would have paid first: tiers go by what its account has used. */
export function firstUsable(
  auditState: AuditState,
  request: ChargeRequest,
  now: Date,
): readonly AuditedAllowance[] {
  return viewsOf(auditState, request, now).flatMap((view) => {
    const draft = draftOf(auditState, view, now);
    const usable = draft.usable(request);
    const first = "reason" in usable ? undefined : usable[0];
    return first === undefined ? [] : (auditState.allowances.get(first.id) ?? []);
  });
}

function draftOf(
  auditState: AuditState,
  { withAccess, allowances }: View,
  now: Date,
): SpendingDraft {
  return new SpendingDraft({
    now,
    allowances,
    campaigns: auditState.campaignsOf(allowances),
    accounts: auditState.parties,
    hasAccess: () => withAccess,
  });
}

function viewsOf(
  auditState: AuditState,
  { spender, provider }: ChargeRequest,
  now: Date,
): readonly View[] {
  const signed = auditState.ofSpender(spender).filter(({ isSigned }) => isSigned);
  // An account that was never heard of has nothing, and still has to be there.
  for (const { message } of signed) {
    if (!auditState.parties.has(message.account)) {
      auditState.parties.set(message.account, auditState.party(message.account));
    }
  }
  const isNew = (createdAt: Date) => now.getTime() - createdAt.getTime() < UNSEEN_MS;
  const access = auditState.access.get(accessName(spender, provider));
  const hasAccess = access !== undefined && !access.ended;
  const accesses = hasAccess && isNew(access.createdAt) ? [true, false] : [hasAccess];

  const old = signed.filter(({ createdAt }) => !isNew(createdAt));
  const young = signed
    .filter(({ createdAt }) => isNew(createdAt))
    .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  // All of them first: that is how it nearly always was.
  const sets: (readonly AuditedAllowance[])[] = [];
  for (let seen = young.length; seen >= 0; seen--) sets.push([...old, ...young.slice(0, seen)]);
  return accesses.flatMap((withAccess) => sets.map((allowances) => ({ withAccess, allowances })));
}

export function sameCharges(a: readonly Charge[], b: readonly Charge[]): boolean {
  return (
    a.length === b.length &&
    a.every((charge, index) => {
      const other = b[index];
      return (
        other !== undefined &&
        charge.account === other.account &&
        charge.allowance === other.allowance &&
        charge.amountMicros === other.amountMicros
      );
    })
  );
}

const WHY_NOT: Readonly<Record<AllowanceObstacle, string>> = {
  access_not_granted: "the spender never gave this provider access",
  allowance_out_of_scope: "it is not good for this provider and meter",
  allowance_revoked: "it was revoked, or the account's counter has ended it",
  campaign_revoked: "what it was granted out of was revoked",
  allowance_expired: "it had expired",
  allowance_not_started: "it had not started",
};

/** What is wrong with charges that no honest server makes: of the first one that can't be, else of their order. */
export function explainCharges(
  auditState: AuditState,
  event: EventName,
  request: ChargeRequest,
  { charges, expected, now }: { charges: readonly Charge[]; expected: Payment | null; now: Date },
): Finding {
  const spentBefore = new Map<string, bigint>();
  for (const { account, allowance: id, amountMicros } of charges) {
    const allowance = auditState.allowances.get(id);
    const about = {
      party: account,
      event,
      allowance: id,
      expected: "0",
      actual: `${amountMicros}`,
      differenceMicros: amountMicros,
    };
    const charged = `${account} was charged ${amountMicros} micro-credits for ${textOfEvent(event)} under the allowance ${id}`;
    if (
      allowance === undefined ||
      allowance.message.account !== account ||
      allowance.message.spender !== request.spender
    ) {
      const text = `${charged}, which lets this spender charge nothing to it`;
      return { ...about, kind: "unknown_allowance", text };
    }
    if (!allowance.isSigned) {
      const why =
        allowance.campaign === null
          ? "which its owner did not sign"
          : `a grant that its campaign ${allowance.campaign}, as its owner signed it, does not cover`;
      const text = `${charged}, ${why}`;
      return { ...about, kind: "forged_allowance", text };
    }
    const party = auditState.party(account);
    const access = auditState.access.get(accessName(request.spender, request.provider));
    const [campaign] = auditState.campaignsOf([allowance]);
    const isCampaignOver = campaign !== undefined && campaign.revokedAt !== null;
    const found =
      findObstacle(allowance, request, {
        hasAccess: access !== undefined && !access.ended,
        now,
        counter: party.counter,
      }) ?? (isCampaignOver ? "campaign_revoked" : null);
    if (found !== null) {
      return { ...about, kind: found, text: `${charged}, and ${WHY_NOT[found]}` };
    }
    const excess = excessOf(allowance, campaign, amountMicros, {
      now,
      free: available(party) - (spentBefore.get(account) ?? 0n),
      cap:
        allowance.message.accountCap - party.spent - party.held - (spentBefore.get(account) ?? 0n),
    });
    if (excess !== null) {
      return {
        ...about,
        kind: excess.kind,
        expected: `${amountMicros - excess.byMicros}`,
        differenceMicros: excess.byMicros,
        text: `${charged}: ${textOfDifference(excess.byMicros)} for ${excess.limit}`,
      };
    }
    spentBefore.set(account, (spentBefore.get(account) ?? 0n) + amountMicros);
  }
  return wrongPayer(event, charges, expected?.charges ?? []);
}

function excessOf(
  { message, usage }: AuditedAllowance,
  campaign: AuditedAllowance | undefined,
  amountMicros: bigint,
  { now, free, cap }: { now: Date; free: bigint; cap: bigint },
) {
  const left = remainingInPeriod(message, renewUsage(message, usage, now));
  if (amountMicros > left) {
    const limit = "what the allowance had left";
    return { kind: "allowance_exhausted", byMicros: amountMicros - left, limit } as const;
  }
  if (campaign !== undefined) {
    const inCampaign = remainingInPeriod(
      campaign.message,
      renewUsage(campaign.message, campaign.usage, now),
    );
    if (amountMicros > inCampaign) {
      const limit = "what the campaign had left that it was granted out of";
      return { kind: "campaign_exhausted", byMicros: amountMicros - inCampaign, limit } as const;
    }
  }
  if (amountMicros > cap) {
    const limit = "the account cap that its owner signed";
    return { kind: "account_cap_reached", byMicros: amountMicros - cap, limit } as const;
  }
  if (amountMicros > free) {
    const limit = "what the account had";
    return { kind: "insufficient_credits", byMicros: amountMicros - free, limit } as const;
  }
  return null;
}

function wrongPayer(
  event: EventName,
  charges: readonly Charge[],
  expected: readonly Charge[],
): Finding {
  const due = new Map<Hex, bigint>();
  for (const { allowance, amountMicros } of expected) due.set(allowance, amountMicros);
  const over = charges.map((charge) => ({
    ...charge,
    byMicros: charge.amountMicros - (due.get(charge.allowance) ?? 0n),
  }));
  const [first] = over.toSorted((a, b) => (a.byMicros > b.byMicros ? -1 : 1));
  return {
    kind: "wrong_payer",
    party: first?.account ?? null,
    event,
    expected: textOfCharges(expected),
    actual: textOfCharges(charges),
    differenceMicros: first?.byMicros ?? 0n,
    text:
      `${textOfEvent(event)} was paid by ${textOfCharges(charges)}; ` +
      `in the order of burn-down it was to be paid by ${textOfCharges(expected)}`,
  };
}

export function textOfCharges(charges: readonly Charge[]): string {
  if (charges.length === 0) return "nobody";
  return charges
    .map(({ account, allowance, amountMicros }) => `${account} (${amountMicros} by ${allowance})`)
    .join(", ");
}
