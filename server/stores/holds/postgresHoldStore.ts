import { createHash } from "node:crypto";

import type { Address, Hex } from "viem";

import { type HoldRequest, authorize, requestHash } from "@compute-credits/rules/holds/authorize";
import { type Hold, isExpired } from "@compute-credits/rules/holds/hold";
import { capture, checkOpen, returnHeld } from "@compute-credits/rules/holds/resolve";
import { feeOf } from "@compute-credits/rules/pricing/price";
import { priceBasisOf } from "@compute-credits/rules/pricing/priceBasis";
import { PriceDraft, tierUnitsOf } from "@compute-credits/rules/pricing/priceDraft";
import { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type {
  AuthorizeOutcome,
  CaptureOutcome,
  CaptureRequest,
  HoldStore,
  HoldKey,
  ReleaseOutcome,
} from "./holdStore.ts";
import { insertHold, readHold, updateHold } from "./holdRecord.ts";
import type { PriceReader } from "../pricing/priceReader.ts";
import { readPriceClock } from "../pricing/priceClock.ts";
import { readClock } from "@compute-credits/platform/postgres/clock";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import {
  lockAllowances,
  lockSpenders,
  lockTierAccount,
  writeSpending,
} from "../usage/lockSpending.ts";
import { createAccessCache } from "../usage/accessCache.ts";
import { insertDebits } from "../usage/insertDebits.ts";
import { addTierUnits } from "../pricing/tierUsage.ts";
import { readKnownDebits } from "../usage/postgresUsageLedger.ts";
import { bytea } from "@compute-credits/platform/postgres/values";

export interface HoldRules {
  readonly feeBps: bigint;
  readonly maxOpenHolds: number;
}

export function createHoldStore(
  database: Database,
  rules: HoldRules,
  priceReader: PriceReader,
): HoldStore {
  const readAccess = createAccessCache();

  async function authorizeHold(tx: Sql, request: HoldRequest): Promise<AuthorizeOutcome> {
    const locked = await lockSpenders(tx, new Set([request.spender]));
    const before = await readAuthorized(tx, request);
    if (before !== null) return before;

    if (locked.frozenAt !== null) return { result: "refused", refusal: { reason: "vault_frozen" } };

    const limit = rules.maxOpenHolds;
    const [open] = await tx.query<{ count: bigint }>(
      // Plan: open_holds_of_pair, index only. A provider cannot use up another's share.
      `select count(*) as count from holds
       where spender = $1 and provider = $2 and resolved_as is null`,
      [bytea(request.spender), bytea(request.provider)],
    );
    if (open !== undefined && open.count >= limit) {
      return { result: "refused", refusal: { reason: "too_many_holds", limit } };
    }

    const { now, newestCard } = locked;
    const query = { ...request, occurredAt: now };
    const moment = { now, newestCard, accounts: [...locked.accounts.keys()] };
    const prices = new PriceDraft(await priceReader.read(tx, [query], moment));

    const hasAccess = await readAccess(tx, [request], locked);
    const draft = new SpendingDraft({ ...locked, hasAccess });
    const hold = authorize(request, prices, draft);
    if ("reason" in hold) return { result: "refused", refusal: hold };
    await insertHold(tx, hold, request.quote?.expiresAt ?? null);
    await writeSpending(tx, draft.changes);
    return { result: "held", hold, repeated: false };
  }

  async function captureHold(tx: Sql, request: CaptureRequest): Promise<CaptureOutcome> {
    const locked = await lockHold(tx, request);
    if (locked === null) return HOLD_NOT_FOUND;
    const { hold, draft, frozenAt } = locked;

    const known = await readCapture(tx, request, hold);
    if (known !== null) return known;
    const event = { provider: request.provider, id: request.eventId };
    const payloadHash = captureHash(request);

    if (frozenAt !== null) return { result: "refused", refusal: { reason: "vault_frozen" } };
    const captured = capture(hold, request, draft);
    if ("reason" in captured) return { result: "refused", refusal: captured };

    const { rateCardVersion } = hold.rate;
    const priceBasis = priceBasisOf(hold.rate, hold.capturedQuantity);
    const { charges, costMicros } = captured;
    const usage = {
      ...event,
      spender: hold.spender,
      meter: hold.meter,
      quantity: request.quantity,
      dimensions: hold.dimensions,
      occurredAt: draft.now,
    };
    await insertDebits(
      tx,
      charges.map((charge, part) => {
        const feeMicros = feeOf(charge.amountMicros, rules.feeBps);
        const price = { rateCardVersion, priceBasis, feeMicros };
        return { ...charge, ...price, event: usage, part, payloadHash };
      }),
      draft.now,
    );
    await tx.query("insert into captures (provider, event_id, hold_id) values ($1, $2, $3)", [
      bytea(event.provider),
      event.id,
      hold.id,
    ]);
    await addTierUnits(tx, tierUnitsOf(hold.rate, request.quantity));
    await updateHold(tx, captured.hold);
    await writeSpending(tx, draft.changes);
    const debit = { costMicros, rateCardVersion, charges, recordedAt: draft.now, repeated: false };
    return { result: "captured", hold: captured.hold, debit: { result: "debited", ...debit } };
  }

  const transaction = <T>(work: (tx: Sql) => Promise<T>) =>
    withRetries(() => database.transaction(work));

  /** Reads an answer that changes nothing, on one snapshot and without a lock; `null` if none. */
  const snapshot = <T>(read: (tx: Sql) => Promise<T | null>) =>
    database.transaction(read, { isolation: "repeatable read" });

  return {
    async authorize(request) {
      const isNew = (await readState(database, request)) === null;
      const known = isNew ? null : await snapshot((tx) => readAuthorized(tx, request));
      return known ?? (await transaction((tx) => authorizeHold(tx, request)));
    },
    async capture(request) {
      const state = await readState(database, request, request.eventId);
      if (state === null) return HOLD_NOT_FOUND;
      const mayCharge = !state.isOver && !state.isCaptured && !state.isFrozen;
      const known = mayCharge ? null : await snapshot((tx) => readCaptureAnswer(tx, request));
      return known ?? (await transaction((tx) => captureHold(tx, request)));
    },
    async release(key) {
      const state = await readState(database, key);
      if (state === null) return HOLD_NOT_FOUND;
      const known = state.isOver ? await snapshot((tx) => readReleaseRefusal(tx, key)) : null;
      return known ?? (await transaction((tx) => releaseHold(tx, key)));
    },
    find: (key) => readHold(database, key),

    async expireDue(limit) {
      // Plan: open_holds_by_expiry, a range.
      const due = await database.query<HoldKey>(
        `select provider, hold_id as id from holds
         where resolved_as is null and expires_at <= clock_timestamp() order by expires_at
           limit $1`,
        [limit],
      );
      // oxlint-disable-next-line no-await-in-loop -- one transaction each, so that none waits for the others' locks
      for (const key of due) await transaction((tx) => expireHold(tx, key));
      return due.length;
    },

    async secondsToNextExpiry(account) {
      // Plan: open_hold_parts_of_account, then holds by primary key.
      const [next] = await database.query<{ seconds: number | null }>(
        `select ceil(extract(epoch from min(expires_at) - clock_timestamp()))::integer as seconds
         from hold_parts join holds using (provider, hold_id)
         where account = $1 and held_micros > 0 and resolved_as is null`,
        [bytea(account)],
      );
      const seconds = next?.seconds ?? null;
      return seconds === null ? null : Math.max(seconds, 1);
    },
  };
}

const HOLD_NOT_FOUND = { result: "refused", refusal: { reason: "hold_not_found" } } as const;

interface HoldState {
  readonly isOver: boolean;
  /** the event id is in use */
  readonly isCaptured: boolean;
  readonly isFrozen: boolean;
}

/**
 * Reads in one statement, without a lock, whether a request may change a hold; `null` if there is
 * none. It spares the snapshot to requests that do.
 */
async function readState(
  sql: Sql,
  { provider, id }: HoldKey,
  eventId: string | null = null,
): Promise<HoldState | null> {
  // Plan: holds and debits by primary key.
  const [state] = await sql.query<HoldState>(
    `select resolved_as is not null or expires_at <= clock_timestamp() as "isOver",
       exists (select from debits where provider = $1 and event_id = $3) as "isCaptured",
       exists (select from chain_cursor where frozen_at is not null) as "isFrozen"
     from holds where provider = $1 and hold_id = $2`,
    [bytea(provider), id, eventId],
  );
  return state ?? null;
}

/** Reads the outcome for a hold id that is in use; `null` if it is not. */
async function readAuthorized(sql: Sql, request: HoldRequest): Promise<AuthorizeOutcome | null> {
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
async function readCaptureAnswer(
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
async function readReleaseRefusal(sql: Sql, key: HoldKey): Promise<ReleaseOutcome | null> {
  const hold = await readHold(sql, key);
  if (hold === null) return HOLD_NOT_FOUND;
  const over = checkOpen(hold, await readClock(sql));
  return over === null ? null : { result: "refused", refusal: over };
}

async function releaseHold(tx: Sql, key: HoldKey): Promise<ReleaseOutcome> {
  const locked = await lockHold(tx, key);
  if (locked === null) return HOLD_NOT_FOUND;
  const over = checkOpen(locked.hold, locked.draft.now);
  if (over !== null) return { result: "refused", refusal: over };
  return { result: "released", hold: await endHold(tx, locked, "released") };
}

async function expireHold(tx: Sql, key: HoldKey): Promise<void> {
  const locked = await lockHold(tx, key);
  if (locked === null || locked.hold.resolution !== null) return;
  if (isExpired(locked.hold, locked.draft.now)) await endHold(tx, locked, "expired");
}

interface LockedHold {
  readonly hold: Hold;
  readonly draft: SpendingDraft;
  readonly frozenAt: Date | null;
}

/**
 * Locks the accounts of a hold, then reads it. No other transaction can resolve it until the
 * commit.
 */
async function lockHold(tx: Sql, key: HoldKey): Promise<LockedHold | null> {
  const parts = await tx.query<{ allowance: Hex; account: Address; tier_account: Address | null }>(
    `select allowance, account, rate->'use'->>'account' as tier_account
     from hold_parts join holds using (provider, hold_id) where provider = $1 and hold_id = $2`,
    [bytea(key.provider), key.id],
  );
  if (parts.length === 0) return null;
  await lockTierAccount(
    tx,
    parts[0]?.tier_account ?? undefined,
    parts.map(({ account }) => account),
  );
  const locked = await lockAllowances(tx, new Set(parts.map(({ allowance }) => allowance)));
  const hold = await readHold(tx, key);
  if (hold === null) return null;
  const draft = new SpendingDraft({ ...locked, hasAccess: denyNewPayers });
  return { hold, draft, frozenAt: locked.frozenAt };
}

async function endHold(
  tx: Sql,
  { hold, draft }: LockedHold,
  as: "released" | "expired",
): Promise<Hold> {
  const ended = returnHeld(hold, as, draft);
  await updateHold(tx, ended);
  await writeSpending(tx, draft.changes);
  return ended;
}

/** The payers were decided when the hold was authorized. */
function denyNewPayers(): boolean {
  return false;
}

/** Hashes a capture's content. Repetitions of a capture have the same hash. */
export function captureHash({ id, quantity, final }: CaptureRequest): Hex {
  const content = JSON.stringify([id, `${quantity}`, final]);
  return `0x${createHash("sha256").update(content).digest("hex")}`;
}
