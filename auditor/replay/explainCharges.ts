import type { Hex } from "viem";

import { available } from "@compute-credits/rules/accounts/account";
import { remainingInPeriod, renewUsage } from "@compute-credits/rules/allowances/period";
import {
  type AllowanceObstacle,
  type ChargeRequest,
  findObstacle,
} from "@compute-credits/rules/allowances/usability";
import type { Charge } from "@compute-credits/rules/spending/findCharges";
import type { AuditState, AuditedAllowance } from "./auditState.ts";
import { type EventId, type Finding, describeDifference, describeEvent } from "./finding.ts";
import type { Payment } from "./honestPayments.ts";

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

/** The reason why an allowance cannot pay, as the end of a sentence about it. */
const WHY_NOT: Readonly<Record<AllowanceObstacle, string>> = {
  access_not_granted: "the spender had not given this provider access",
  allowance_out_of_scope: "its scope does not include this provider and meter",
  allowance_revoked: "it was revoked, by itself or by raising the account's counter",
  campaign_revoked: "its campaign was revoked",
  allowance_expired: "it had expired",
  allowance_not_started: "it had not started",
};

/**
 * Explains charges that no honest server makes: reports the first impossible charge, or else the
 * wrong order of payers.
 */
export function explainCharges(
  state: AuditState,
  event: EventId,
  request: ChargeRequest,
  { charges, expected, now }: { charges: readonly Charge[]; expected: Payment | null; now: Date },
): Finding {
  const spentBefore = new Map<string, bigint>();
  for (const { account, allowance: id, amountMicros } of charges) {
    const allowance = state.allowances.get(id);
    const about = {
      party: account,
      event,
      allowance: id,
      expected: "0",
      actual: `${amountMicros}`,
      differenceMicros: amountMicros,
    };
    const charged = `${account} was charged ${amountMicros} micro-credits for ${describeEvent(event)} under the allowance ${id}`;
    if (
      allowance === undefined ||
      allowance.message.account !== account ||
      allowance.message.spender !== request.spender
    ) {
      const text = `${charged}, which does not let this spender charge that account`;
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
    if (state.acceptance(allowance.message)?.accepted !== true) {
      const text = `${charged}, and the spender had not accepted that account`;
      return { ...about, kind: "account_not_accepted", text };
    }
    const party = state.party(account);
    const access = state.access.get(request.spender, request.provider);
    const [campaign] = state.campaignsOf([allowance]);
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
      recorded: allowance.byContract
        ? party.recordedCap - party.spent - party.held - (spentBefore.get(account) ?? 0n)
        : null,
    });
    if (excess !== null) {
      return {
        ...about,
        kind: excess.kind,
        expected: `${amountMicros - excess.byMicros}`,
        differenceMicros: excess.byMicros,
        text: `${charged}: ${describeDifference(excess.byMicros)} for ${excess.limit}`,
      };
    }
    spentBefore.set(account, (spentBefore.get(account) ?? 0n) + amountMicros);
  }
  return wrongPayer(event, charges, expected?.charges ?? []);
}

/** The first limit that a charge exceeds, and by how much; `null` if it exceeds none. */
function excessOf(
  { message, usage }: AuditedAllowance,
  campaign: AuditedAllowance | undefined,
  amountMicros: bigint,
  { now, free, cap, recorded }: { now: Date; free: bigint; cap: bigint; recorded: bigint | null },
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
      const limit = "what its campaign had left";
      return { kind: "campaign_exhausted", byMicros: amountMicros - inCampaign, limit } as const;
    }
  }
  if (amountMicros > cap) {
    const limit = "the account cap that its owner signed";
    return { kind: "account_cap_reached", byMicros: amountMicros - cap, limit } as const;
  }
  if (recorded !== null && amountMicros > recorded) {
    const limit = "the cap of this contract wallet that the court has on record";
    return { kind: "cap_not_recorded", byMicros: amountMicros - recorded, limit } as const;
  }
  if (amountMicros > free) {
    const limit = "what the account had";
    return { kind: "insufficient_credits", byMicros: amountMicros - free, limit } as const;
  }
  return null;
}

function wrongPayer(
  event: EventId,
  charges: readonly Charge[],
  expected: readonly Charge[],
): Finding {
  const due = new Map<Hex, bigint>();
  for (const { allowance, amountMicros } of expected) due.set(allowance, amountMicros);
  const excesses = charges.map((charge) => ({
    ...charge,
    byMicros: charge.amountMicros - (due.get(charge.allowance) ?? 0n),
  }));
  const [first] = excesses.toSorted((a, b) => (a.byMicros > b.byMicros ? -1 : 1));
  return {
    kind: "wrong_payer",
    party: first?.account ?? null,
    event,
    expected: describeCharges(expected),
    actual: describeCharges(charges),
    differenceMicros: first?.byMicros ?? 0n,
    text:
      `${describeEvent(event)} was paid by ${describeCharges(charges)}; ` +
      `in burn-down order it was to be paid by ${describeCharges(expected)}`,
  };
}

/** "0x… (40 by 0x…), 0x… (2 by 0x…)": account, micro-credits, allowance. */
export function describeCharges(charges: readonly Charge[]): string {
  if (charges.length === 0) return "no account";
  return charges
    .map(({ account, allowance, amountMicros }) => `${account} (${amountMicros} by ${allowance})`)
    .join(", ");
}
