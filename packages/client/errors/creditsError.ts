import { REASONS, type Reason } from "@compute-credits/api/problems/reasons";
import { CLIENT_REASONS } from "./clientReasons.ts";
import type { Shortage } from "./shortage.ts";

/** A custom error of the vault, the court or the token, decoded. Amounts are `bigint`. */
export interface Revert {
  /** such as `InsufficientCredits` */
  readonly name: string;
  /** by the names of the contract's parameters, or by their places from 0 if they have none */
  readonly args: Readonly<Record<string, unknown>>;
}

export interface CreditsErrorDetails {
  readonly reason: string;
  readonly status?: number;
  readonly revert?: Revert;
  readonly shortage?: Shortage | null;
  readonly next?: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * What every function of this package throws if it did not do what it was asked: the server refused,
 * the chain reverted, or the answer is unknown. Programs branch on `reason`, and people read `next`.
 */
export class CreditsError extends Error {
  override readonly name: string = "CreditsError";
  /** stable, in snake_case: docs/reasons.md, or a key of `CLIENT_REASONS` */
  readonly reason: string;
  /** the HTTP status, or `null` if no server answered */
  readonly status: number | null;
  /** the contract's error, or `null` if no contract refused */
  readonly revert: Revert | null;
  /** after a 402: what is missing, and how to buy it; else `null` */
  readonly shortage: Shortage | null;
  /** what to do, as one sentence, or `null` if that is not known */
  readonly next: string | null;
  /** milliseconds: when the server wants to be asked again; `null` if it did not say */
  readonly retryAfterMs: number | null;

  constructor(message: string, details: CreditsErrorDetails) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.reason = details.reason;
    this.status = details.status ?? null;
    this.revert = details.revert ?? null;
    this.shortage = details.shortage ?? null;
    this.next = details.next ?? nextOf(details.reason);
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}

/** What to do after a refusal with this reason, or `null` for one that this version does not know. */
function nextOf(reason: string): string | null {
  if (isReason(reason)) return REASONS[reason].next;
  return isClientReason(reason) ? CLIENT_REASONS[reason].next : null;
}

function isReason(text: string): text is Reason {
  return Object.hasOwn(REASONS, text);
}

function isClientReason(text: string): text is keyof typeof CLIENT_REASONS {
  return Object.hasOwn(CLIENT_REASONS, text);
}
