import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import { readClock } from "@compute-credits/platform/postgres/clock";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { type HistoryStart, readHistoryStart } from "../chain/chainHistory.ts";
import type { LogOwner } from "./insightStore.ts";
import type {
  AccountStatement,
  ProviderStatement,
  SettledRow,
  StatedPurchase,
  StatedRefund,
  StatedRequest,
  StatedSettlement,
  StatedWriteOff,
  StatementQuery,
  StatementStore,
} from "./statementStore.ts";
import { readUsageSums } from "./usageSums.ts";

export function createStatementStore(database: Database): StatementStore {
  const inSnapshot = <T>(work: (sql: Sql) => Promise<T>) =>
    database.transaction(work, { isolation: "repeatable read" });
  return {
    account: (query) => inSnapshot((sql) => readAccountStatement(sql, query)),
    provider: (query) => inSnapshot((sql) => readProviderStatement(sql, query)),
  };
}

async function readAccountStatement(sql: Sql, query: StatementQuery): Promise<AccountStatement> {
  const owner = { role: "account", address: query.address } as const;
  const head = await readHead(sql, query);
  const spending = await readSums(sql, owner, query);
  const purchases = await readPurchases(sql, query);
  const refunds = await readRefunds(sql, query);
  const writeOffs = await readWriteOffs(sql, query);
  // Plan: accounts by primary key.
  const [balance] = await sql.query<{ unspent: bigint }>(
    "select purchased - spent - refunded as unspent from accounts where address = $1",
    [bytea(query.address)],
  );

  const change = (part: "before" | "within" | "after") =>
    purchases[part] + writeOffs[part] - refunds[part] - spending[part];
  const opening = change("before");
  const closing = opening + change("within");
  return {
    ...head,
    openingMicros: purchases.isKnown ? opening : null,
    closingMicros: purchases.isKnown ? closing : null,
    purchases: purchases.list,
    requests: await readRequests(sql, query),
    refunds: refunds.list,
    writeOffs: writeOffs.list,
    days: spending.days,
    reconciles: closing + change("after") === (balance?.unspent ?? 0n),
  };
}

async function readProviderStatement(sql: Sql, query: StatementQuery): Promise<ProviderStatement> {
  const owner = { role: "provider", address: query.address } as const;
  const head = await readHead(sql, query);
  const sums = await readSums(sql, owner, query);
  // Plan: earnings_of_provider, index-only.
  const [balance] = await sql.query<{ earned: bigint }>(
    "select coalesce(sum(earned), 0) as earned from earnings where provider = $1",
    [bytea(query.address)],
  );
  const closing = sums.before + sums.within;
  return {
    ...head,
    openingMicros: sums.before,
    closingMicros: closing,
    days: sums.days,
    reconciles: closing + sums.after === (balance?.earned ?? 0n),
  };
}

async function readHead(sql: Sql, query: StatementQuery) {
  const { address } = query;
  const asOf = await readClock(sql);
  const [block] = await sql.query<BlockPoint>(
    "select block_number as number, block_hash as hash, block_time as time from chain_cursor",
  );
  if (block === undefined) throw new Error("the ledger has no block");
  // Plan: settlements by primary key.
  const [settled] = await sql.query<SettledRow>(
    "select epoch, spent, refunded, earned from settlements where party = $1",
    [bytea(address)],
  );
  const start = await readHistoryStart(sql);
  return {
    asOf,
    block,
    settled: settled ?? null,
    settlements: await readSettlements(sql, query, start),
    settlementsSince: start?.begunAt ?? null,
  };
}

async function readSettlements(
  sql: Sql,
  { address, from, to, limit }: StatementQuery,
  start: HistoryStart | null,
): Promise<readonly StatedSettlement[]> {
  // A row from before the history began has no row before it to be compared with.
  const since = start === null || from > start.begunAt ? from : start.begunAt;
  // Plan: settled_rows_of_party.
  return await sql.query<StatedSettlement>(
    `select * from (
       select recorded_at as at, epoch, block_number as "blockNumber",
         transaction_hash as "transactionHash", ${grownBy("spent")}, ${grownBy("refunded")},
         ${grownBy("earned")}
       from settled_rows where party = $1
       window earlier as (order by block_number, log_index)) as rows
     where "transactionHash" is not null and at >= $2 and at < $3
     order by "blockNumber", at limit $4`,
    [bytea(address), since, to, limit + 1],
  );
}

/** SQL: by how much a cumulative number exceeds that of the row before. */
const grownBy = (column: string) =>
  `${column} - coalesce(lag(${column}) over earlier, 0) as "${column}Micros"`;

/** Before every debit, and after it. */
const EVER = { from: new Date(0), to: new Date("9999-12-31T00:00:00Z") };

/** What was spent, or earned after fees, around the range. Reads daily sums, as usage does. */
async function readSums(sql: Sql, owner: LogOwner, { from, to, limit }: StatementQuery) {
  const total = async (range: { readonly from: Date; readonly to: Date }) => {
    if (range.from >= range.to) return 0n;
    const sums = await readUsageSums(sql, owner, { ...range, groupBy: "meter", limit: null });
    return sumOf(sums.map((sum) => movedBy(owner, sum)));
  };
  return {
    before: await total({ from: EVER.from, to: from }),
    within: await total({ from, to }),
    after: await total({ from: to, to: EVER.to }),
    days: await readUsageSums(sql, owner, { from, to, groupBy: "day", limit: limit + 1 }),
  };
}

function movedBy(
  { role }: LogOwner,
  { amountMicros, feeMicros }: { readonly amountMicros: bigint; readonly feeMicros: bigint },
): bigint {
  return role === "account" ? amountMicros : amountMicros - feeMicros;
}

/** SQL: sums of `amount` by the time `at`: before $2, in the range to $3, and after it. */
const around = (amount: string, at: string) =>
  `coalesce(sum(${amount}) filter (where ${at} < $2), 0) as before,
   coalesce(sum(${amount}) filter (where ${at} >= $2 and ${at} < $3), 0) as within,
   coalesce(sum(${amount}) filter (where ${at} >= $3), 0) as after`;

interface Around {
  readonly before: bigint;
  readonly within: bigint;
  readonly after: bigint;
}

const NOTHING: Around = { before: 0n, within: 0n, after: 0n };

/**
 * Purchases that were recorded before the ledger kept their times are older than each that has one.
 * So they are in the opening balance of a range that begins after the first with a time; of an
 * earlier range the ledger does not know.
 */
async function readPurchases(sql: Sql, { address, from, to, limit }: StatementQuery) {
  // Plan: purchases_of_account, twice.
  const [sums] = await sql.query<Around & { untimed: bigint; first: Date | null }>(
    `select ${around("amount_micros", "recorded_at")},
       coalesce(sum(amount_micros) filter (where recorded_at is null), 0) as untimed,
       min(recorded_at) as first
     from purchases where account = $1`,
    [bytea(address), from, to],
  );
  const list = await sql.query<StatedPurchase>(
    `select recorded_at as at, block_number as "blockNumber",
       transaction_hash as "transactionHash", payer, amount_micros as "amountMicros",
       token_amount as "tokenAmount"
     from purchases where account = $1 and recorded_at >= $2 and recorded_at < $3
     order by block_number, log_index limit $4`,
    [bytea(address), from, to, limit + 1],
  );
  const { untimed, first, ...known } = sums ?? { ...NOTHING, untimed: 0n, first: null };
  const isKnown = untimed === 0n || (first !== null && from >= first);
  return { ...known, before: known.before + untimed, isKnown, list };
}

async function readRequests(
  sql: Sql,
  { address, from, to, limit }: StatementQuery,
): Promise<readonly StatedRequest[]> {
  // Plan: refund_requests_of_account.
  return await sql.query<StatedRequest>(
    `select recorded_at as at, requested_micros as "requestedMicros", served
     from refund_requests where account = $1 and recorded_at >= $2 and recorded_at < $3
     order by block_number, log_index limit $4`,
    [bytea(address), from, to, limit + 1],
  );
}

/** A cut turns what was requested into what was refunded, also if its checkpoint is dropped later. */
async function readRefunds(sql: Sql, { address, from, to, limit }: StatementQuery) {
  // Plan: places by primary key, checkpoint_rows_of_place, checkpoints by primary key.
  const growth = `select c.cut_at as at, c.epoch, r.refunded
      - coalesce(max(r.refunded) over (order by r.checkpoint rows between unbounded preceding
          and 1 preceding), 0) as "amountMicros"
    from places p join checkpoint_rows r using (place) join checkpoints c on c.id = r.checkpoint
    where p.party = $1`;
  const [sums] = await sql.query<Around>(
    `select ${around(`greatest("amountMicros", 0)`, "at")} from (${growth}) as growth`,
    [bytea(address), from, to],
  );
  const list = await sql.query<StatedRefund>(
    `select * from (${growth}) as growth
     where "amountMicros" > 0 and at >= $2 and at < $3 order by at limit $4`,
    [bytea(address), from, to, limit + 1],
  );
  return { ...(sums ?? NOTHING), list };
}

async function readWriteOffs(sql: Sql, { address, from, to, limit }: StatementQuery) {
  // Plan: write_offs_of_account and write_offs_of_payer.
  const moves = `select written_off_at as at, amount_micros as "amountMicros" from write_offs
      where account = $1
    union all select written_off_at, -amount_micros from write_offs where payer = $1`;
  const [sums] = await sql.query<Around>(
    `select ${around(`"amountMicros"`, "at")} from (${moves}) as moves`,
    [bytea(address), from, to],
  );
  const list = await sql.query<StatedWriteOff>(
    `select * from (${moves}) as moves where at >= $2 and at < $3 order by at limit $4`,
    [bytea(address), from, to, limit + 1],
  );
  return { ...(sums ?? NOTHING), list };
}

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}
