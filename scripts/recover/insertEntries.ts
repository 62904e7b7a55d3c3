import type { Hex } from "viem";

import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea, byteaArray } from "@compute-credits/platform/postgres/values";
import { requestHash } from "@compute-credits/rules/holds/authorize";
import { MAIN_LINE } from "@compute-credits/rules/holds/hold";
import type { LogEntry, LogEntryOf, LogPosition } from "@compute-credits/rules/log/logEntry";
import { fromPinnedRate, fromPriceBasis } from "@compute-credits/rules/pricing/pinnedRateJson";
import { fromRates } from "@compute-credits/rules/pricing/rateJson";
import { applyNotes } from "./applyNotes.ts";
import { type Row, insertRows } from "./insertRows.ts";

/**
 * Writes entries of the log with their places in it, in the order of the log, and what depends on
 * nothing but the entry. What needs a replay follows (`restoreState`). Entries that the ledger has
 * stay as they are.
 */
export async function insertEntries(tx: Sql, entries: readonly LogEntry[]): Promise<void> {
  await insertAccounts(tx, entries);
  for (const run of runsOf(entries)) {
    // oxlint-disable-next-line no-await-in-loop -- in the order of the log
    await insertRun(tx, run);
  }
}

/** Neighbours of one kind are written together. */
function runsOf(entries: readonly LogEntry[]): LogEntry[][] {
  const runs: LogEntry[][] = [];
  for (const entry of entries) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && tableOf(run[0]) === tableOf(entry)) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}

type OwnTable =
  "debit" | "hold" | "hold_lot" | "void" | "allowance" | "grant" | "access" | "card" | "multiplier";

function tableOf({ kind }: LogEntry): OwnTable | "note" {
  switch (kind) {
    case "debit":
    case "hold":
    case "hold_lot":
    case "void":
    case "allowance":
    case "grant":
    case "access":
    case "card":
    case "multiplier":
      return kind;
    default:
      return "note";
  }
}

const ofKind = <Kind extends LogEntry["kind"]>(run: readonly LogEntry[], kind: Kind) =>
  run.filter((entry): entry is LogEntryOf<Kind> => entry.kind === kind);

async function insertRun(tx: Sql, run: readonly LogEntry[]): Promise<void> {
  const [first] = run;
  if (first === undefined) return;
  switch (tableOf(first)) {
    case "debit":
      await insertDebits(tx, ofKind(run, "debit"));
      return;
    case "hold":
      await insertRows(tx, "holds", HOLD, ofKind(run, "hold").map(holdRow));
      return;
    case "hold_lot":
      await insertLots(tx, ofKind(run, "hold_lot"));
      return;
    case "void":
      await insertRows(tx, "voids", VOID, ofKind(run, "void").map(voidRow));
      return;
    case "allowance":
      await insertAllowances(tx, ofKind(run, "allowance"));
      return;
    case "grant":
      await insertAllowances(tx, ofKind(run, "grant"));
      return;
    case "access":
      await insertRows(tx, "provider_access", ACCESS, ofKind(run, "access").map(accessRow));
      return;
    case "card":
      await insertRows(tx, "rate_cards", CARD, ofKind(run, "card").map(cardRow));
      return;
    case "multiplier":
      await insertRows(tx, "multiplier_steps", STEP, ofKind(run, "multiplier").map(stepRow));
      return;
    default:
      await applyNotes(tx, run);
  }
}

const PLACE = "log_order bigint, transaction_id bigint";

function placeOf({ order, transaction }: LogPosition): Row {
  return { log_order: order, transaction_id: transaction };
}

/** Other tables refer to accounts. What an account has, the replay tells. */
async function insertAccounts(tx: Sql, entries: readonly LogEntry[]): Promise<void> {
  const accounts = new Set(entries.flatMap(accountsOf));
  await insertRows(
    tx,
    "accounts",
    "address bytea",
    [...accounts].map((address) => ({ address: bytea(address) })),
  );
}

function accountsOf(entry: LogEntry): Hex[] {
  switch (entry.kind) {
    case "allowance":
    case "grant":
      return [entry.message.account];
    case "acceptance":
    case "issuing_key":
    case "refund":
      return [entry.account];
    case "write_off":
      return [entry.account, entry.payer];
    case "debit":
      return entry.charges.map(({ account }) => account);
    default:
      return [];
  }
}

const DEBIT = `provider bytea, event_id text, part smallint, account bytea, allowance bytea, \
spender bytea, meter text, quantity bigint, dimensions jsonb, occurred_at timestamptz, \
recorded_at timestamptz, rate_card integer, amount_micros bigint, fee_micros bigint, \
price_basis jsonb, ${PLACE}`;

async function insertDebits(tx: Sql, entries: readonly LogEntryOf<"debit">[]): Promise<void> {
  await insertRows(tx, "debits", DEBIT, entries.flatMap(debitRows));
  const captures = entries.flatMap(({ provider, id, holdId, line = null }) =>
    holdId === null ? [] : { provider: bytea(provider), event_id: id, hold_id: holdId, line },
  );
  await insertRows(
    tx,
    "captures",
    "provider bytea, event_id text, hold_id text, line text",
    captures,
  );
}

/** The log names the place of the first part. The others follow it, as in the ledger. */
function debitRows(entry: LogEntryOf<"debit">): Row[] {
  const basis = fromPriceBasis(entry.priceBasis);
  return entry.charges.map(({ account, allowance, amountMicros, feeMicros }, part) => ({
    provider: bytea(entry.provider),
    event_id: entry.id,
    part,
    account: bytea(account),
    allowance: bytea(allowance),
    spender: bytea(entry.spender),
    meter: entry.meter,
    quantity: entry.quantity,
    dimensions: entry.dimensions,
    occurred_at: entry.occurredAt,
    recorded_at: entry.recordedAt,
    rate_card: entry.rateCardVersion,
    amount_micros: amountMicros,
    fee_micros: feeMicros,
    price_basis: basis === null ? null : JSON.parse(basis),
    ...placeOf({ order: entry.order + BigInt(part), transaction: entry.transaction }),
  }));
}

const HOLD = `provider bytea, hold_id text, spender bytea, meter text, dimensions jsonb, \
quantity bigint, rate jsonb, line text, lots smallint, request_hash bytea, created_at timestamptz, expires_at timestamptz, \
quote_expires_at timestamptz, ${PLACE}`;

function holdRow(entry: LogEntryOf<"hold">): Row {
  const { createdAt, expiresAt, quoteExpiresAt } = entry;
  const quote =
    quoteExpiresAt === null ? {} : { quote: { rate: entry.rate, expiresAt: quoteExpiresAt } };
  const ttlSeconds = (expiresAt.getTime() - createdAt.getTime()) / 1000;
  return {
    provider: bytea(entry.provider),
    hold_id: entry.id,
    spender: bytea(entry.spender),
    meter: entry.meter,
    dimensions: entry.dimensions,
    quantity: entry.quantity,
    rate: JSON.parse(fromPinnedRate(entry.rate)),
    line: entry.line ?? MAIN_LINE,
    lots: 1,
    // Of a hold with other lines, the replay tells it.
    request_hash: bytea(requestHash({ ...entry, ttlSeconds, ...quote })),
    created_at: createdAt,
    expires_at: expiresAt,
    quote_expires_at: quoteExpiresAt,
    ...placeOf(entry),
  };
}

const LOT = `provider bytea, hold_id text, lot smallint, line text, meter text, dimensions jsonb, \
quantity bigint, rate jsonb, held_at timestamptz, ${PLACE}`;

/** Numbers the lots of each hold on, in the order of the log. */
async function insertLots(tx: Sql, entries: readonly LogEntryOf<"hold_lot">[]): Promise<void> {
  for (const entry of entries) {
    const key = [bytea(entry.provider), entry.id];
    // oxlint-disable-next-line no-await-in-loop -- each has the next number; there are few
    const [known] = await tx.query(
      "select from hold_lots where provider = $1 and hold_id = $2 and log_order = $3",
      [...key, entry.order],
    );
    if (known !== undefined) continue;
    // oxlint-disable-next-line no-await-in-loop
    const [hold] = await tx.query<{ lots: number }>(
      `update holds set lots = lots + 1 where provider = $1 and hold_id = $2 returning lots`,
      key,
    );
    if (hold === undefined) throw new Error(`the log has units for an unknown hold ${entry.id}`);
    // oxlint-disable-next-line no-await-in-loop
    await insertRows(tx, "hold_lots", LOT, [lotRow(entry, hold.lots - 1)]);
  }
}

function lotRow(entry: LogEntryOf<"hold_lot">, lot: number): Row {
  return {
    provider: bytea(entry.provider),
    hold_id: entry.id,
    lot,
    line: entry.line ?? MAIN_LINE,
    meter: entry.meter,
    dimensions: entry.dimensions,
    quantity: entry.quantity,
    rate: JSON.parse(fromPinnedRate(entry.rate)),
    held_at: entry.heldAt,
    ...placeOf(entry),
  };
}

const VOID = `provider bytea, event_id text, amount_micros bigint, voided_at timestamptz, ${PLACE}`;

function voidRow(entry: LogEntryOf<"void">): Row {
  return {
    provider: bytea(entry.provider),
    event_id: entry.id,
    amount_micros: entry.amountMicros,
    voided_at: entry.at,
    ...placeOf(entry),
  };
}

const ACCESS = `spender bytea, provider bytea, signature bytea, created_at timestamptz, ${PLACE}`;

function accessRow(entry: LogEntryOf<"access">): Row {
  return {
    spender: bytea(entry.spender),
    provider: bytea(entry.provider),
    signature: entry.signature === null ? null : bytea(entry.signature),
    created_at: entry.createdAt,
    ...placeOf(entry),
  };
}

const CARD = `version integer, effective_from timestamptz, card jsonb, provider bytea, \
created_at timestamptz, ${PLACE}`;

function cardRow(entry: LogEntryOf<"card">): Row {
  const { version, provider, effectiveFrom, rates } = entry.card;
  return {
    version,
    effective_from: effectiveFrom,
    card: JSON.parse(fromRates(rates)),
    provider: provider == null ? null : bytea(provider),
    created_at: entry.createdAt,
    ...placeOf(entry),
  };
}

const STEP = `provider bytea, rate_key text, step integer, effective_from timestamptz, \
utilisation_bps integer, before_bps bigint, after_bps bigint, rate_card integer, ${PLACE}`;

function stepRow(entry: LogEntryOf<"multiplier">): Row {
  const { step, effectiveFrom, utilisationBps, beforeBps, afterBps, rateCardVersion } = entry.step;
  return {
    provider: bytea(entry.provider),
    rate_key: entry.rateKey,
    step,
    effective_from: effectiveFrom,
    utilisation_bps: utilisationBps,
    before_bps: beforeBps,
    after_bps: afterBps,
    rate_card: rateCardVersion,
    ...placeOf(entry),
  };
}

const SIGNED = `id bytea, account bytea, spender bytea, period_seconds numeric, starts_at numeric, \
expires_at numeric, priority smallint, scope bytea, scope_providers bytea[], scope_meters text[], \
account_cap_micros numeric, counter numeric, salt numeric, signature bytea, \
created_at timestamptz, campaign bytea, grant_key text, issuer bytea, \
predates_acceptance boolean, ${PLACE}`;

/** An offer that the ledger has already enters the log. */
const ENTER_LOG = `on conflict (id) do update set log_order = excluded.log_order,
  transaction_id = excluded.transaction_id where signed_allowances.log_order is null`;

async function insertAllowances(
  tx: Sql,
  entries: readonly (LogEntryOf<"allowance"> | LogEntryOf<"grant">)[],
): Promise<void> {
  await insertRows(tx, "signed_allowances", SIGNED, entries.map(signedRow), ENTER_LOG);
  // A grant has the signature of its campaign, which stands before it in the log.
  await tx.query(
    `update signed_allowances g set signature = c.signature from signed_allowances c
     where g.id = any($1::bytea[]) and g.campaign = c.id and g.signature = ''`,
    [byteaArray(entries.map(({ id }) => id))],
  );
  await insertRows(
    tx,
    "allowance_usage",
    "id bytea, limit_micros numeric, rollover_micros numeric",
    entries.map(({ id, message: { limit, rollover } }) => ({
      id: bytea(id),
      limit_micros: limit,
      rollover_micros: rollover,
    })),
  );
  // What counted before spenders accepted accounts still does.
  await insertRows(
    tx,
    "acceptances",
    "spender bytea, account bytea, accepted boolean, how text, changed_at timestamptz",
    entries
      .filter(({ predatesAcceptance }) => predatesAcceptance)
      .map(({ message: { spender, account }, createdAt }) => ({
        spender: bytea(spender),
        account: bytea(account),
        accepted: true,
        how: "before",
        changed_at: createdAt,
      })),
  );
}

function signedRow(entry: LogEntryOf<"allowance"> | LogEntryOf<"grant">): Row {
  const { message, scope } = entry;
  const { campaign, key, issuer } =
    entry.kind === "grant" ? entry : { campaign: null, key: null, issuer: null };
  return {
    id: bytea(entry.id),
    account: bytea(message.account),
    spender: bytea(message.spender),
    period_seconds: message.period,
    starts_at: message.startsAt,
    expires_at: message.expiresAt,
    priority: message.priority,
    scope: bytea(message.scope),
    scope_providers: scope.providers.map(bytea),
    scope_meters: scope.meters,
    account_cap_micros: message.accountCap,
    counter: message.counter,
    salt: message.salt,
    signature: entry.kind === "allowance" ? bytea(entry.signature) : "",
    created_at: entry.createdAt,
    campaign: campaign === null ? null : bytea(campaign),
    grant_key: key,
    issuer: issuer === null ? null : bytea(issuer),
    predates_acceptance: entry.predatesAcceptance,
    ...placeOf(entry),
  };
}
