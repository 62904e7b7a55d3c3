import type { Scope } from "@compute-credits/protocol/messages/allowance";
import type { SimulatedHold, SimulatedLineCapture } from "./model/holdRequest.ts";
import type { ExtendRequest } from "@compute-credits/rules/holds/requests";
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

export function fingerprintOfCapture(capture: SimulatedLineCapture): string {
  const { id, line, quantity, final } = capture;
  return ["capture", id, line, quantity, final].join("|");
}

export function fingerprintOfHold({
  spender,
  lines,
  ttlSeconds,
  quoteNumber,
}: SimulatedHold): string {
  const work = lines.map(({ line, meter, quantity, dimensions }) =>
    [line, meter, quantity, dimensionsText(dimensions)].join(" "),
  );
  return ["hold", spender, ...work, ttlSeconds, quoteNumber ?? "no quote"].join("|");
}

export function fingerprintOfExtension({
  ttlSeconds,
  lines,
}: Pick<ExtendRequest, "ttlSeconds" | "lines">): string {
  const added = lines.map(({ line, quantity }) => `${line} ${quantity}`);
  return ["extension", ttlSeconds ?? "no time", ...added].join("|");
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
