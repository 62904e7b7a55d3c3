import {
  type AllowanceMessage,
  type Scope,
  scopeHash,
} from "@compute-credits/protocol/messages/allowance";
import { secondsSince1970 } from "./period.ts";
import { type TimesRefusal, checkTimes } from "./times.ts";

/** The reason why the ledger rejects an allowance, apart from its signature. */
export type AdmissionRefusal =
  | { readonly reason: "scope_mismatch" }
  | TimesRefusal
  | { readonly reason: "allowance_expired" }
  | { readonly reason: "stale_counter"; readonly currentCounter: bigint }
  | { readonly reason: "counter_not_reached"; readonly currentCounter: bigint };

/**
 * Checks a posted allowance against its scope, the time and the account's counter on chain. `null`
 * if it is admissible. The caller checks the signature.
 */
export function checkAdmission(
  message: AllowanceMessage,
  scope: Scope,
  { now, currentCounter }: { now: Date; currentCounter: bigint },
): AdmissionRefusal | null {
  if (scopeHash(scope) !== message.scope) return { reason: "scope_mismatch" };
  const times = checkTimes(message);
  if (times !== null) return times;
  if (message.expiresAt !== 0n && message.expiresAt <= secondsSince1970(now)) {
    return { reason: "allowance_expired" };
  }
  if (message.counter < currentCounter) return { reason: "stale_counter", currentCounter };
  if (message.counter > currentCounter) return { reason: "counter_not_reached", currentCounter };
  return null;
}
