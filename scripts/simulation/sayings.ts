import type { HoldRequest } from "../../server/domain/holds/authorize.ts";
import type { UsageEvent } from "../../server/domain/usage/usageEvent.ts";
import type { CaptureRequest } from "../../server/ports/holdBook.ts";

/** What an event says beside its id: equal text, equal event. */
export function saidByEvent(
  event: Pick<UsageEvent, "spender" | "meter" | "quantity" | "dimensions" | "occurredAt">,
): string {
  const { spender, meter, quantity, dimensions, occurredAt } = event;
  return ["event", spender, meter, quantity, sorted(dimensions), occurredAt.getTime()].join("|");
}

export function saidByCapture({ id, quantity, final }: CaptureRequest): string {
  return ["capture", id, quantity, final].join("|");
}

export function saidByHold(request: HoldRequest): string {
  const { spender, meter, quantity, dimensions, ttlSeconds } = request;
  return ["hold", spender, meter, quantity, sorted(dimensions), ttlSeconds].join("|");
}

function sorted(dimensions: Readonly<Record<string, string>>): string {
  return Object.keys(dimensions)
    .toSorted()
    .map((name) => `${name}=${dimensions[name]}`)
    .join(",");
}
