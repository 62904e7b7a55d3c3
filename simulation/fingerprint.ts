import type { Scope } from "@compute-credits/protocol/messages/allowance";
import type { SimulatedCapture, SimulatedHold } from "./model/holdRequest.ts";
import type { GrantRequest } from "@compute-credits/rules/grants/grant";
import type { NewCode } from "../server/stores/allowances/grantStore.ts";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";

/** Fingerprints contain everything of a request but its id: equal text means an equal request. */
export function fingerprintOfEvent(
  event: Pick<UsageEvent, "spender" | "meter" | "quantity" | "dimensions" | "occurredAt">,
): string {
  const { spender, meter, quantity, dimensions, occurredAt } = event;
  return ["event", spender, meter, quantity, dimensionsText(dimensions), occurredAt.getTime()].join(
    "|",
  );
}

export function fingerprintOfCapture({ id, quantity, final }: SimulatedCapture): string {
  return ["capture", id, quantity, final].join("|");
}

export function fingerprintOfHold(request: SimulatedHold): string {
  const { spender, meter, quantity, dimensions, ttlSeconds, quoteNumber } = request;
  const work = [spender, meter, quantity, dimensionsText(dimensions), ttlSeconds];
  return ["hold", ...work, quoteNumber ?? "no quote"].join("|");
}

export function fingerprintOfGrant(request: GrantRequest): string {
  const { spender, limit, period, rollover, startsAt, expiresAt, priority, scope } = request;
  const terms = [limit, period, rollover, startsAt, expiresAt, priority];
  return ["grant", spender, ...terms, ...scopeLists(scope)].join("|");
}

export function fingerprintOfCode(code: NewCode): string {
  const { limit, period, rollover, priority, scope } = code;
  const { maxRedemptions, redeemBy, validSeconds } = code;
  const terms = [limit, period, rollover, priority, maxRedemptions, redeemBy, validSeconds];
  return ["code", ...terms, ...scopeLists(scope)].join("|");
}

function scopeLists(scope: Scope | null): string[] {
  return scope === null ? [] : [scope.providers.join(","), scope.meters.join(",")];
}

export function dimensionsText(dimensions: Readonly<Record<string, string>>): string {
  return Object.keys(dimensions)
    .toSorted()
    .map((name) => `${name}=${dimensions[name]}`)
    .join(",");
}
