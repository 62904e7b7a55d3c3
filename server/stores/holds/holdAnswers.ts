import { createHash } from "node:crypto";

import type { Hex } from "viem";

import { type HoldRequest, requestHash } from "@compute-credits/rules/holds/authorize";
import type { Hold } from "@compute-credits/rules/holds/hold";
import { checkOpen } from "@compute-credits/rules/holds/resolve";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import { readClock } from "@compute-credits/platform/postgres/clock";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import type {
  AuthorizeOutcome,
  CaptureOutcome,
  CaptureRequest,
  HoldKey,
  ReleaseOutcome,
} from "@compute-credits/rules/holds/outcome";
import { readHold } from "./holdRecord.ts";
import { readPriceClock } from "../pricing/priceClock.ts";
import { readKnownDebits } from "../usage/knownDebits.ts";

const HOLD_NOT_FOUND = { result: "refused", refusal: { reason: "hold_not_found" } } as const;

/** Whether the spender gave the provider access, or an allowance's scope names the provider. */
export async function mayBill(sql: Sql, { spender, provider }: HoldRequest): Promise<boolean> {
  // Plan: provider_access by primary key, allowances_of_spender.
  const found = await sql.query(
    `select from provider_access where spender = $1 and provider = $2 and revoked_at is null
     union all
     select from allowances where spender = $1 and accepted
       and $2 = any(scope_providers) limit 1`,
    [bytea(spender), bytea(provider)],
  );
  return found.length > 0;
}

/** Reads the outcome for a hold id that is in use; `null` if it is not. */
export async function readAuthorized(
  sql: Sql,
  request: HoldRequest,
): Promise<AuthorizeOutcome | null> {
  const hold = await readHold(sql, request);
  if (hold === null) return null;
  return hold.requestHash === requestHash(request)
    ? { result: "held", hold, repeated: true }
    : { result: "refused", refusal: { reason: "hold_id_conflict" } };
}

/** Reads the outcome for an event id that is in use; `null` if it is not. */
async function readCapture(
  sql: Sql,
  request: CaptureRequest,
  hold: Hold,
): Promise<CaptureOutcome | null> {
  const event = { provider: request.provider, id: request.eventId };
  const known = (await readKnownDebits(sql, [event])).get(eventKey(event));
  if (known === undefined) return null;
  return known.payload === captureHash(request)
    ? { result: "captured", hold, debit: known.outcome }
    : { result: "refused", refusal: { reason: "event_id_conflict" } };
}

/** Reads the outcome of a capture that changes nothing; `null` if it may charge. */
export async function readCaptureAnswer(
  sql: Sql,
  request: CaptureRequest,
): Promise<CaptureOutcome | null> {
  const hold = await readHold(sql, request);
  if (hold === null) return HOLD_NOT_FOUND;
  const known = await readCapture(sql, request, hold);
  if (known !== null) return known;
  const { now, frozenAt } = await readPriceClock(sql);
  if (frozenAt !== null) return { result: "refused", refusal: { reason: "vault_frozen" } };
  const over = checkOpen(hold, now);
  return over === null ? null : { result: "refused", refusal: over };
}

/** Reads why a hold cannot be released; `null` if it may be. */
export async function readReleaseRefusal(sql: Sql, key: HoldKey): Promise<ReleaseOutcome | null> {
  const hold = await readHold(sql, key);
  if (hold === null) return HOLD_NOT_FOUND;
  const over = checkOpen(hold, await readClock(sql));
  return over === null ? null : { result: "refused", refusal: over };
}

/** Hashes a capture's content. Repetitions of a capture have the same hash. */
export function captureHash({ id, quantity, final }: CaptureRequest): Hex {
  const content = JSON.stringify([id, `${quantity}`, final]);
  return `0x${createHash("sha256").update(content).digest("hex")}`;
}
