import type { Address } from "viem";

import type { Allowance } from "./allowance.ts";
import { secondsSince1970 } from "./period.ts";

/** Why an allowance cannot pay for something, before any amount is looked at. */
export type AllowanceObstacle =
  | "access_not_granted"
  | "allowance_out_of_scope"
  | "allowance_revoked"
  | "campaign_revoked"
  | "allowance_expired"
  | "allowance_not_started";

/** Who wants to be paid, for what, when. */
export interface ChargeRequest {
  readonly provider: Address;
  readonly meter: string;
  /** whether the spender gave this provider access */
  readonly hasAccess: boolean;
  readonly now: Date;
  /** the counter of the allowance's account */
  readonly counter: bigint;
}

/** `null` where nothing stands in the way. An allowance that names its providers gives them access by that. */
export function obstacle(allowance: Allowance, request: ChargeRequest): AllowanceObstacle | null {
  const { message, scope, revokedAt } = allowance;
  const { startsAt, expiresAt } = message;

  if (revokedAt !== null || message.counter !== request.counter) return "allowance_revoked";
  if (expiresAt !== 0n && expiresAt <= secondsSince1970(request.now)) return "allowance_expired";
  if (startsAt !== 0n && startsAt > secondsSince1970(request.now)) return "allowance_not_started";
  if (!covers(scope.providers, request.provider)) return "allowance_out_of_scope";
  if (!covers(scope.meters, request.meter)) return "allowance_out_of_scope";
  if (!request.hasAccess && scope.providers.length === 0) return "access_not_granted";
  return null;
}

function covers<T>(list: readonly T[], item: T): boolean {
  return list.length === 0 || list.includes(item);
}
