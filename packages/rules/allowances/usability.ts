import type { Address } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "./allowance.ts";
import { secondsSince1970 } from "./period.ts";

/** The reason why an allowance cannot pay for a request, whatever the amount. */
export type AllowanceObstacle =
  | "access_not_granted"
  | "allowance_out_of_scope"
  | "allowance_revoked"
  | "campaign_revoked"
  | "allowance_expired"
  | "allowance_not_started";

/** A provider's request to charge a spender for a meter. */
export interface ChargeRequest {
  readonly provider: Address;
  readonly spender: SpenderId;
  readonly meter: string;
}

/** The state that decides whether an allowance may pay. */
export interface UsabilityConditions {
  /** whether the spender gave this provider access */
  readonly hasAccess: boolean;
  readonly now: Date;
  /** the counter of the allowance's account on chain */
  readonly counter: bigint;
}

/**
 * The first reason why the allowance cannot pay for the request, or `null` if it can. An allowance
 * whose scope lists providers grants them access by itself.
 */
export function findObstacle(
  allowance: Allowance,
  { provider, meter }: Pick<ChargeRequest, "provider" | "meter">,
  { hasAccess, now, counter }: UsabilityConditions,
): AllowanceObstacle | null {
  const { message, scope } = allowance;
  const { startsAt } = message;

  if (isRevoked(allowance, counter)) return "allowance_revoked";
  if (isExpired(allowance, now)) return "allowance_expired";
  if (startsAt !== 0n && startsAt > secondsSince1970(now)) return "allowance_not_started";
  if (!covers(scope.providers, provider)) return "allowance_out_of_scope";
  if (!covers(scope.meters, meter)) return "allowance_out_of_scope";
  if (!hasAccess && scope.providers.length === 0) return "access_not_granted";
  return null;
}

/** Whether the allowance will pay nothing more, whoever asks. */
export function hasEnded(
  allowance: Allowance,
  { now, counter }: Pick<UsabilityConditions, "now" | "counter">,
): boolean {
  return isRevoked(allowance, counter) || isExpired(allowance, now);
}

function isRevoked({ message, revokedAt }: Allowance, counter: bigint): boolean {
  return revokedAt !== null || message.counter !== counter;
}

function isExpired({ message: { expiresAt } }: Allowance, now: Date): boolean {
  return expiresAt !== 0n && expiresAt <= secondsSince1970(now);
}

function covers<T>(list: readonly T[], item: T): boolean {
  return list.length === 0 || list.includes(item);
}
