import type { Hex } from "viem";

import type { ChainSource } from "@compute-credits/platform/chain/chainSource";
import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { Database, Sql, Transaction } from "@compute-credits/platform/postgres/database";
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { bytea } from "@compute-credits/platform/postgres/values";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { type LogSegment, createEntriesHash } from "@compute-credits/rules/log/logChain";
import { EMPTY_SNAPSHOT } from "../../server/stores/rollups/rolledUp.ts";
import { LOG_TABLES, readLogEntries } from "../../server/stores/feed/readLogEntries.ts";
import { insertRecord } from "../../server/stores/insertRecord.ts";
import { advanceTransactions } from "./advanceTransactions.ts";
import { compareCopy } from "./checkCopy.ts";
import { pagesOfSegment } from "./copiedLog.ts";
import { describeCopy } from "./describeCopy.ts";
import { insertEntries } from "./insertEntries.ts";
import { type ReplayCopyDeps, replayCopy } from "./replayCopy.ts";
import { restoreChain } from "./restoreChain.ts";
import { insertCheckpoints, restoreRows } from "./restoreCheckpoints.ts";
import { restoreState } from "./restoreState.ts";

export interface RestoreLedgerDeps extends Omit<ReplayCopyDeps, "chainSource"> {
  /** `passed`: blocks that the log lets pass, besides those of the database */
  readonly chainSource: (passed: ReadonlySet<Hex>) => ChainSource;
  /** claimed for the copy's deployment, and older than the copy, or new; no server may use it */
  readonly database: Database;
  readonly blockPoint: (number: bigint) => Promise<BlockPoint>;
  /** whether a key of this operator has signed a checkpoint */
  readonly isSigned: (epoch: bigint, root: Hex) => boolean;
}

/** What a recovery did. */
export interface RestoredLedger {
  /** log entries that the ledger did not have */
  readonly entries: bigint;
  readonly checkpoints: number;
  /** how often an auditor would object to the log */
  readonly findingCount: number;
}

/**
 * Brings a ledger to the end of a copy of its log, and to the last block that the log names. All of
 * it is one transaction, which ends only if the ledger's own log then has the copy's hashes, so a
 * failure leaves the ledger as it was. Throws a `UsageError` if the copy cannot be used.
 */
export async function restoreLedger(deps: RestoreLedgerDeps): Promise<RestoredLedger> {
  const { database, folder } = deps;
  const { shared, known, isNew } = await compareCopy(database, folder);
  const summary = await describeCopy(folder);
  const chainSource = deps.chainSource(summary.passedBlocks);
  const { checkpoints, findingCount } = await replayCopy({ ...deps, chainSource }, summary);
  await advanceTransactions(database, summary.lastTransaction, (missing) =>
    console.log(`Skipping ${missing} transaction numbers …`),
  );

  const restore = async (tx: Transaction): Promise<bigint> => {
    if (isNew) await tx.query("delete from log_notes");
    const [clock] = await tx.query<{ tick: bigint }>(
      "update cut_clock set tick = tick + 1 returning tick",
    );
    const stores = { ...deps, chainSource, tx, tick: clock?.tick ?? 0n };
    const firstNumber = (shared?.number ?? 0n) + 1n;
    let entries = 0n;
    for await (const segment of folder.segments()) {
      if (segment.number < firstNumber) continue;
      for await (const page of pagesOfSegment(folder, segment.number)) {
        const lacking = page.filter(({ order }) => !known.has(order));
        await insertEntries(tx, lacking);
        entries += BigInt(lacking.length);
      }
      await insertSegment(tx, segment);
    }
    for (const { segment, signer, signature } of folder.heads()) {
      // oxlint-disable-next-line no-await-in-loop -- a handful
      await tx.query(
        `insert into log_head_signatures (segment, signer, signature) values ($1, $2, $3)
         on conflict do nothing`,
        [segment, bytea(signer), bytea(signature)],
      );
    }
    await insertCheckpoints(stores, checkpoints);
    await restoreChain(stores, summary);
    await restoreRows(stores, checkpoints, deps.isSigned);
    await restoreState(stores);
    for await (const segment of folder.segments()) {
      if (segment.number >= firstNumber) await requireSameLog(deps, tx, segment);
    }
    await requirePurchases(tx);
    await requireNothingBeyond(tx, folder.last());
    return entries;
  };
  const entries = await database.transaction(restore, { limits: MAINTENANCE_LIMITS });
  return { entries, checkpoints: checkpoints.length, findingCount };
}

async function insertSegment(tx: Sql, segment: LogSegment): Promise<void> {
  const { number, since, upTo, entries, entriesHash, head } = segment;
  await insertRecord(tx, "log_segments", {
    number,
    since,
    up_to: upTo,
    entries,
    entries_hash: bytea(entriesHash),
    head: bytea(head),
  });
}

/** Log orders that are read at one time. */
const ORDERS_PER_PAGE = 1_000n;

/** Reads a segment as servers publish it, and compares its hash with the copy's. */
async function requireSameLog(
  { folder }: Pick<RestoreLedgerDeps, "folder">,
  tx: Sql,
  { number, since, upTo, entries, entriesHash }: LogSegment,
): Promise<void> {
  let [first, last] = [0n, -1n];
  for await (const page of pagesOfSegment(folder, number)) {
    for (const { order } of page) {
      if (last < 0n || order < first) first = order;
      if (order > last) last = order;
    }
  }
  const hash = createEntriesHash();
  for (let firstOrder = first; firstOrder <= last; firstOrder += ORDERS_PER_PAGE) {
    const range = { since: since ?? EMPTY_SNAPSHOT, upTo };
    const endOrder = firstOrder + ORDERS_PER_PAGE;
    // oxlint-disable-next-line no-await-in-loop -- pages in order
    for (const entry of await readLogEntries(tx, { ...range, firstOrder, endOrder })) {
      hash.add(entry);
    }
  }
  const found = hash.digest();
  if (found.entries === entries && found.entriesHash === entriesHash) return;
  throw new UsageError(
    `The restored log has ${found.entries} entries in segment ${number} with the hash ` +
      `${found.entriesHash}, and the copy ${entries} with ${entriesHash}: nothing was changed. ` +
      "Use the version of this program that wrote the log.",
  );
}

/** Something else may have used the ledger meanwhile. */
async function requireNothingBeyond(tx: Sql, last: LogSegment | null): Promise<void> {
  if (last === null) return;
  for (const table of LOG_TABLES) {
    // oxlint-disable-next-line no-await-in-loop -- one connection
    const beyond = await tx.query(
      `select from ${table} where log_order is not null
         and not pg_visible_in_snapshot(transaction_id::text::xid8, $1::pg_snapshot) limit 1`,
      [last.upTo],
    );
    if (beyond.length === 0) continue;
    throw new UsageError(
      "Another program wrote into this database meanwhile, so nothing was changed. Stop all " +
        "servers, restore the backup again, and repeat the recovery.",
    );
  }
}

/** The log and the chain must agree on what each account bought. */
async function requirePurchases(tx: Sql): Promise<void> {
  const [wrong] = await tx.query<{ address: Hex; purchased: bigint; bought: bigint }>(
    `select address, purchased, coalesce(sum(amount_micros), 0)::bigint as bought
     from accounts left join purchases on account = address
     group by address, purchased having purchased <> coalesce(sum(amount_micros), 0) limit 1`,
  );
  if (wrong === undefined) return;
  throw new UsageError(
    `By the log ${wrong.address} has bought ${wrong.purchased} micro-credits, by the chain ` +
      `${wrong.bought}: nothing was changed. Check that RPC_URL gives all events.`,
  );
}
