import { isDeepStrictEqual } from "node:util";

import { jsonText } from "@compute-credits/protocol/jsonText";
import { type HoldRequest, requestHash } from "@compute-credits/rules/holds/authorize";
import type { Hold } from "@compute-credits/rules/holds/hold";
import { checkOpen } from "@compute-credits/rules/holds/resolve";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import { readClock } from "@compute-credits/platform/postgres/clock";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import {
  type AuthorizeOutcome,
  type CaptureOutcome,
  type ExtendOutcome,
  type ReleaseOutcome,
  totalOf,
} from "@compute-credits/rules/holds/outcome";
import {
  type CaptureRequest,
  type ExtendRequest,
  type HoldKey,
  lineCapturesOf,
} from "@compute-credits/rules/holds/requests";
import { captureHash } from "./captureHash.ts";
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
    ? { result: "held", hold, repeated: true, remainingMicros: null }
    : { result: "refused", refusal: { reason: "hold_id_conflict" } };
}

/**
 * Reads the outcome of a capture of which an event id is in use; `null` if none is. It is repeated
 * only if all of its events are: a capture is made whole or not at all.
 */
async function readCapture(
  sql: Sql,
  request: CaptureRequest,
  hold: Hold,
): Promise<CaptureOutcome | null> {
  const { provider } = request;
  const lines = lineCapturesOf(request);
  const events = lines.map(({ eventId: id }) => ({ provider, id }));
  const known = await readKnownDebits(sql, events);
  if (known.size === 0) return null;
  const captured = lines.flatMap((line, index) => {
    const event = events[index];
    const before = event === undefined ? undefined : known.get(eventKey(event));
    if (before === undefined || before.payload !== captureHash(request, line)) return [];
    return { ...line, debit: before.outcome };
  });
  if (captured.length < lines.length) {
    return { result: "refused", refusal: { reason: "event_id_conflict" } };
  }
  const debit = totalOf(captured.map((line) => line.debit));
  return { result: "captured", hold, debit, lines: captured, remainingMicros: null };
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

/** Reads the outcome of an extension that changes nothing; `null` if it may extend. */
export async function readExtensionAnswer(
  sql: Sql,
  request: ExtendRequest,
): Promise<ExtendOutcome | null> {
  const hold = await readHold(sql, request);
  if (hold === null) return HOLD_NOT_FOUND;
  const [known] = await sql.query<{ ttl_seconds: number | null; lines: unknown }>(
    `select ttl_seconds, lines from hold_extensions
     where provider = $1 and hold_id = $2 and extension_id = $3`,
    [bytea(request.provider), request.id, request.extensionId],
  );
  if (known !== undefined) {
    const { ttlSeconds, lines } = request;
    const isSame =
      known.ttl_seconds === ttlSeconds &&
      isDeepStrictEqual(known.lines, JSON.parse(jsonText(lines)));
    return isSame
      ? { result: "extended", hold, repeated: true, remainingMicros: null }
      : { result: "refused", refusal: { reason: "extension_id_conflict" } };
  }
  const { now, frozenAt } = await readPriceClock(sql);
  if (frozenAt !== null) return { result: "refused", refusal: { reason: "vault_frozen" } };
  const over = checkOpen(hold, now);
  return over === null ? null : { result: "refused", refusal: over };
}
