import type { Hex } from "viem";

import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import { AuditState, type AuditedHold } from "../../auditor/replay/auditState.ts";
import { loadSubjects } from "../../auditor/store/loadState.ts";
import { type Subjects, noSubjects } from "../../auditor/store/subjects.ts";
import { LOG_TABLES } from "../../server/stores/feed/readLogEntries.ts";
import { requestHash } from "@compute-credits/rules/holds/authorize";
import { MAIN_LINE } from "@compute-credits/rules/holds/hold";
import type { HoldKey } from "@compute-credits/rules/holds/requests";
import { type Row, insertRows, updateRows } from "./insertRows.ts";

/** Rows in memory at one time. */
const PAGE_ROWS = 1_000;

export interface RestoreStateDeps {
  readonly tx: Sql;
  /** the replay of the copy ended in this auditor's database */
  readonly scratch: Database;
  /** marks all rows as changed, for the next cut */
  readonly tick: bigint;
}

/**
 * Sets all sums of the ledger to what the replay of the log came to: accounts, allowances, open
 * holds, tiers, earnings. The rows themselves are there already.
 */
export async function restoreState(deps: RestoreStateDeps): Promise<void> {
  await restoreAccounts(deps);
  await restoreAllowances(deps);
  await restoreHolds(deps);
  await restoreEarnings(deps);
  await deps.tx.query(
    "select setval('log_order', greatest((select last_value from log_order), $1))",
    [await newestOrder(deps.tx)],
  );
}

/** Loads what the replay knows of some subjects. */
async function replayed(scratch: Sql, wanted: Partial<Subjects>): Promise<AuditState> {
  const state = new AuditState();
  const subjects = { ...noSubjects(), ...wanted };
  await loadSubjects(scratch, state, { subjects, cut: 0n, counts: () => true });
  return state;
}

/** Calls back with the values of a column in pages, ascending. */
async function byPage(
  tx: Sql,
  { table, column }: { readonly table: string; readonly column: string },
  work: (values: readonly Hex[]) => Promise<void>,
): Promise<void> {
  for (let after: Hex | null = null; ;) {
    // oxlint-disable-next-line no-await-in-loop -- pages bound the memory
    const page: { value: Hex }[] = await tx.query(
      `select ${column} as value from ${table}
       where $1::bytea is null or ${column} > $1 order by ${column} limit ${PAGE_ROWS}`,
      [after === null ? null : bytea(after)],
    );
    const last = page.at(-1);
    if (last === undefined) return;
    // oxlint-disable-next-line no-await-in-loop
    await work(page.map(({ value }) => value));
    after = last.value;
  }
}

const ACCOUNT =
  "purchased bigint, spent bigint, held bigint, refunding bigint, refund_waiting bigint, " +
  "refunded bigint, counter bigint, changed_at_tick bigint";

async function restoreAccounts({ tx, scratch, tick }: RestoreStateDeps): Promise<void> {
  await byPage(tx, { table: "accounts", column: "address" }, async (addresses) => {
    const state = await replayed(scratch, { parties: new Set(addresses) });
    await updateRows(
      tx,
      "accounts",
      { key: "address bytea", set: ACCOUNT },
      [...state.parties.values()].map((party) => ({
        address: bytea(party.address),
        purchased: party.purchased,
        spent: party.spent,
        held: party.held,
        refunding: party.refunding,
        refund_waiting: party.refundWaiting,
        refunded: party.refunded,
        counter: party.counter,
        changed_at_tick: tick,
      })),
    );
    await insertRows(
      tx,
      "tier_usage",
      "account bytea, month text, rate_key text, quantity numeric",
      [...state.tiers.values()].map(({ use: { account, month, rateKey }, units }) => ({
        account: bytea(account),
        month,
        rate_key: rateKey,
        quantity: units,
      })),
      "on conflict (account, month, rate_key) do update set quantity = excluded.quantity",
    );
  });
}

const USAGE = "period_index bigint, carried_micros numeric, period_spent bigint, spent bigint";

async function restoreAllowances({ tx, scratch }: RestoreStateDeps): Promise<void> {
  await byPage(tx, { table: "allowance_usage", column: "id" }, async (ids) => {
    const { allowances } = await replayed(scratch, { allowances: new Set(ids) });
    const wanted = new Set(ids);
    await updateRows(
      tx,
      "allowance_usage",
      { key: "id bytea", set: USAGE },
      [...allowances.values()]
        .filter(({ id }) => wanted.has(id))
        .map(({ id, usage }) => ({
          id: bytea(id),
          period_index: usage.periodIndex,
          carried_micros: usage.carriedMicros,
          period_spent: usage.periodSpentMicros,
          spent: usage.spentMicros,
        })),
    );
  });
  // An allowance counts while its spender accepts the account, from its entry in the log on.
  await tx.query(
    `with arrived as (update allowance_arrivals set count = count + 1 returning count)
     update signed_allowances l set accepted = a.accepted, arrival = (select count from arrived)
     from acceptances a
     where a.spender = l.spender and a.account = l.account and l.accepted <> a.accepted
       and l.log_order is not null`,
  );
  await tx.query(
    `update promotion_codes c set redemptions = redeemed.count
     from (select campaign, split_part(grant_key, ' ', 2) as code, count(*) as count
       from signed_allowances where grant_key like 'code %' group by 1, 2) as redeemed
     where redeemed.campaign = c.campaign and redeemed.code = '0x' || encode(c.code_hash, 'hex')`,
  );
  await tx.query(
    `update campaign_rules r set grants = claimed.count
     from (select campaign, count(*) as count
       from signed_allowances where grant_key like 'rule %' group by 1) as claimed
     where claimed.campaign = r.campaign`,
  );
  await tx.query(
    `update signed_allowances l set issued_count = greatest(issued_count,
       (select count(*) from signed_allowances g where g.campaign = l.id)
         + (select count(*) from promotion_codes c where c.campaign = l.id)
         + (select count(*) from campaign_rules r where r.campaign = l.id))
     where l.id in (select campaign from signed_allowances where campaign is not null
       union select campaign from promotion_codes union select campaign from campaign_rules)`,
  );
  await tx.query(
    `insert into provider_uses (provider, spenders)
       select provider, count(*) from provider_access group by provider
     on conflict (provider) do update set spenders = excluded.spenders`,
  );
  await tx.query("update access_revocations set count = count + 1");
}

const HOLD_KEY = "provider bytea, hold_id text";
const HOLD_STATE =
  "captured_micros bigint, captured_quantity bigint, resolved_as text, resolved_at timestamptz, " +
  "account bytea, allowance bytea, held_micros bigint";

/** A hold that the ledger has as resolved stays so; all others are as the replay has them. */
async function restoreHolds({ tx, scratch }: RestoreStateDeps): Promise<void> {
  let after: HoldKey | null = null;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- pages bound the memory
    const page: HoldKey[] = await tx.query(
      `select provider, hold_id as id from holds
       where resolved_as is null and ($1::bytea is null or (provider, hold_id) > ($1, $2))
       order by provider, hold_id limit ${PAGE_ROWS}`,
      [after === null ? null : bytea(after.provider), after?.id ?? ""],
    );
    after = page.at(-1) ?? null;
    if (after === null) break;
    // oxlint-disable-next-line no-await-in-loop
    const state = await replayed(scratch, { holds: new Set(page.map(eventKey)) });
    const holds = [...state.holds.values()];
    // oxlint-disable-next-line no-await-in-loop
    await updateRows(
      tx,
      "holds",
      { key: HOLD_KEY, set: HOLD_STATE },
      holds.map((hold) => ({
        ...keyOf(hold),
        captured_micros: hold.lots[0]?.capturedMicros ?? 0n,
        captured_quantity: hold.lots[0]?.capturedQuantity ?? 0n,
        resolved_as: hold.resolution?.as ?? null,
        resolved_at: hold.resolution?.at ?? null,
        ...firstPartOf(hold),
      })),
    );
    // oxlint-disable-next-line no-await-in-loop
    await updateRows(
      tx,
      "hold_lots",
      {
        key: `${HOLD_KEY}, lot smallint`,
        set: "captured_micros bigint, captured_quantity bigint",
      },
      holds.flatMap((hold) =>
        hold.lots.slice(1).map(({ capturedMicros, capturedQuantity }, index) => ({
          ...keyOf(hold),
          lot: index + 1,
          captured_micros: capturedMicros,
          captured_quantity: capturedQuantity,
        })),
      ),
    );
    // oxlint-disable-next-line no-await-in-loop
    await insertRows(
      tx,
      "hold_parts",
      `${HOLD_KEY}, part smallint, lot smallint, account bytea, allowance bytea, held_micros bigint`,
      holds.flatMap((hold) =>
        hold.lots
          .flatMap(({ parts }, lot) => parts.map((part) => ({ ...part, lot })))
          .map(({ lot, account, allowance, heldMicros }, part) => ({
            ...keyOf(hold),
            part,
            lot,
            account: bytea(account),
            allowance: bytea(allowance),
            held_micros: heldMicros,
          }))
          .filter(({ lot, part }) => lot > 0 || part > 0),
      ),
      `on conflict (provider, hold_id, part) do update set held_micros = excluded.held_micros`,
    );
    // oxlint-disable-next-line no-await-in-loop
    await restoreRequestHashes(tx, holds);
  }
  await restoreOpenHolds(tx);
  await restoreCaptureHashes(tx);
}

/** The first part of the first lot, which the hold's row has. */
function firstPartOf({ lots: [lot] }: AuditedHold): Row {
  const [part] = lot?.parts ?? [];
  return {
    account: part === undefined ? null : bytea(part.account),
    allowance: part === undefined ? null : bytea(part.allowance),
    held_micros: part?.heldMicros ?? 0n,
  };
}

async function restoreOpenHolds(tx: Sql): Promise<void> {
  await tx.query("delete from open_holds");
  await tx.query(
    `insert into open_holds (spender, provider, hold_id, expires_at, account)
     select spender, provider, hold_id, expires_at, account from holds where resolved_at is null`,
  );
}

/** Of holds whose lines the request named: their first entry in the log does not have all of them. */
async function restoreRequestHashes(tx: Sql, holds: readonly AuditedHold[]): Promise<void> {
  for (const { provider, id, spender, createdAt, lots } of holds) {
    if (lots.every(({ line }) => line === MAIN_LINE)) continue;
    const key = [bytea(provider), id];
    // oxlint-disable-next-line no-await-in-loop -- few holds have several lines
    const [end] = await tx.query<{ at: Date }>(
      `select coalesce(first_expires_at, expires_at) as at from holds
       where provider = $1 and hold_id = $2`,
      key,
    );
    if (end === undefined) continue;
    const lines = lots.filter(({ heldAt }) => heldAt.getTime() === createdAt.getTime());
    const ttlSeconds = (end.at.getTime() - createdAt.getTime()) / 1000;
    // oxlint-disable-next-line no-await-in-loop
    await tx.query("update holds set request_hash = $3 where provider = $1 and hold_id = $2", [
      ...key,
      bytea(requestHash({ spender, lines, ttlSeconds })),
    ]);
  }
}

function keyOf({ provider, id }: HoldKey): Row {
  return { provider: bytea(provider), hold_id: id };
}

/**
 * A final capture is the last of its hold: it resolves it. Of a final capture of several lines, all
 * were recorded together with the last; if another capture was recorded with them, in the same
 * millisecond and from another line, its repetition is taken for a conflict.
 */
async function restoreCaptureHashes(tx: Sql): Promise<void> {
  // Plan: debits without hash, by their captures. Only those that were restored have none.
  await tx.query(
    `update debits d set payload_hash = sha256(convert_to(
       '[' || to_json(c.hold_id)::text || ',"' || d.quantity || '",' || (
         coalesce(h.resolved_as, '') = 'captured' and (newest.log_order = first.log_order
           or (newest.line is distinct from c.line and newest.recorded_at = first.recorded_at))
       )::text || coalesce(',' || to_json(c.line)::text, '') || ']', 'UTF8'))
     from captures c join holds h using (provider, hold_id)
       join (select distinct on (provider, hold_id) provider, hold_id, log_order, recorded_at, line
         from captures join debits using (provider, event_id) where part = 0
         order by provider, hold_id, log_order desc) as newest using (provider, hold_id)
       join debits first on first.provider = c.provider and first.event_id = c.event_id
         and first.part = 0
     where d.provider = c.provider and d.event_id = c.event_id and d.payload_hash is null`,
  );
}

/**
 * Only the sum over a provider's rows has a meaning. The difference goes into a row that the
 * provider itself would lock as a payer.
 */
async function restoreEarnings({ tx, scratch, tick }: RestoreStateDeps): Promise<void> {
  const providers =
    "(select distinct provider from (select provider from earnings union all " +
    "select provider from debits) as known) as providers";
  await byPage(tx, { table: providers, column: "provider" }, async (page) => {
    const { parties } = await replayed(scratch, { parties: new Set(page) });
    await insertRows(
      tx,
      "earnings",
      "account bytea, provider bytea, earned bigint",
      page.map((provider) => ({
        account: bytea(provider),
        provider: bytea(provider),
        earned: parties.get(provider)?.earned ?? 0n,
      })),
      `on conflict (account, provider) do update set earned = excluded.earned`,
    );
  });
  await tx.query(
    `update earnings own set earned = own.earned - others.earned
     from (select provider, sum(earned) as earned from earnings where account <> provider
       group by provider) as others
     where own.provider = others.provider and own.account = own.provider`,
  );
  await tx.query("delete from earnings where account = provider and earned = 0");
  await tx.query("update earnings set changed_at_tick = $1", [tick]);
}

/** The last number that the log has used. */
async function newestOrder(tx: Sql): Promise<bigint> {
  const parts = LOG_TABLES.map((table) => `select max(log_order) as last from ${table}`);
  const [found] = await tx.query<{ last: bigint | null }>(
    `select max(last) as last from (${parts.join(" union all ")}) as tables`,
  );
  if (found?.last == null) throw new UsageError("The copy of the log is empty.");
  return found.last;
}
