import type { Address, Hex } from "viem";

import { type HoldRequest, authorize } from "@compute-credits/rules/holds/authorize";
import { type Hold, isExpired } from "@compute-credits/rules/holds/hold";
import { capture, checkOpen, returnHeld } from "@compute-credits/rules/holds/resolve";
import { feeOf } from "@compute-credits/rules/pricing/price";
import { priceBasisOf } from "@compute-credits/rules/pricing/priceBasis";
import { PriceDraft } from "@compute-credits/rules/pricing/priceDraft";
import { tierUnitsOf } from "@compute-credits/rules/pricing/tierUnits";
import { SpendingDraft, type SpendingState } from "@compute-credits/rules/spending/spendingDraft";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type {
  AuthorizeOutcome,
  CaptureOutcome,
  CaptureRequest,
  HoldStore,
  HoldKey,
  ReleaseOutcome,
} from "./holdStore.ts";
import {
  HOLD_NOT_FOUND,
  captureHash,
  mayBill,
  readAuthorized,
  readCapture,
  readCaptureAnswer,
  readReleaseRefusal,
  readState,
} from "./holdAnswers.ts";
import { insertHold, readHold, updateHold } from "./holdRecord.ts";
import type { PriceReader } from "../pricing/priceReader.ts";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import {
  type LockedSpending,
  lockAllowances,
  lockSpenders,
  lockTierAccounts,
  readSpenders,
  writeSpending,
} from "../usage/lockSpending.ts";
import { createAccessCache } from "../usage/accessCache.ts";
import { insertDebits } from "../usage/insertDebits.ts";
import { explainUnaccepted } from "../usage/unacceptedSpenders.ts";
import { addTierUnits } from "../pricing/tierUsage.ts";
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
  const access = createAccessCache();

  async function authorizeHold(tx: Sql, request: HoldRequest): Promise<AuthorizeOutcome> {
    const locked = await lockSpenders(tx, new Set([request.spender]));
    return await decideHold(tx, request, {
      locked,
      readHasAccess: () => access.read(tx, [request], locked),
    });
  }

  /**
   * Refuses on a snapshot, without a lock, if no allowance may pay this provider. So a stranger
   * never holds the lock of another party's account. Returns `null` if an allowance may pay.
   */
  async function refuseStranger(tx: Sql, request: HoldRequest): Promise<AuthorizeOutcome | null> {
    if (await mayBill(tx, request)) return null;
    const locked = await readSpenders(tx, new Set([request.spender]));
    const outcome = await decideHold(tx, request, {
      locked,
      isFinal: false,
      readHasAccess: () => Promise.resolve(denyNewPayers),
    });
    if (outcome.result === "held" && !outcome.repeated) throw new Error("a stranger holds credits");
    return outcome;
  }

  async function decideHold(
    tx: Sql,
    request: HoldRequest,
    {
      locked,
      isFinal = true,
      readHasAccess,
    }: {
      locked: LockedSpending;
      isFinal?: boolean;
      readHasAccess: () => Promise<SpendingState["hasAccess"]>;
    },
  ): Promise<AuthorizeOutcome> {
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
    const moment = { now, newestCard, accounts: [...locked.accounts.keys()], isFinal };
    const prices = new PriceDraft(await priceReader.read(tx, [query], moment));

    const hasAccess = await readHasAccess();
    const draft = new SpendingDraft({ ...locked, hasAccess });
    const hold = authorize(request, prices, draft);
    if ("reason" in hold) {
      const { spender } = request;
      const [refusal = hold] = await explainUnaccepted(tx, [{ spender, refusal: hold }]);
      return { result: "refused", refusal };
    }
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
    const { quantity } = request;
    await addTierUnits(tx, tierUnitsOf(hold.rate, { usedUnits: hold.capturedQuantity, quantity }));
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
      const mayHold = isNew && (await mayBill(database, request));
      const known = mayHold
        ? null
        : await snapshot(
            async (tx) =>
              (await readAuthorized(tx, request)) ?? (await refuseStranger(tx, request)),
          );
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
  const parts = await tx.query<{ allowance: Hex; account: Address; tier_accounts: Address[] }>(
    `select allowance, account,
       jsonb_path_query_array(rate, '$.**{0 to 4}.use.account') as tier_accounts
     from hold_parts join holds using (provider, hold_id) where provider = $1 and hold_id = $2`,
    [bytea(key.provider), key.id],
  );
  if (parts.length === 0) return null;
  await lockTierAccounts(
    tx,
    parts[0]?.tier_accounts ?? [],
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
