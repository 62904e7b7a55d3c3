import type { Address } from "viem";

import type { ReceiptSigner } from "@compute-credits/platform/chain/signer";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { max } from "@compute-credits/protocol/amounts";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { EarningsReceiptMessage } from "@compute-credits/protocol/messages/earningsReceipt";
import { ServerRefused } from "../log/logClient.ts";
import type { LogSource } from "../log/logSource.ts";
import { readDrops } from "../store/chainStore.ts";
import { readLastCut } from "../store/cutStore.ts";
import { earnedUpTo, paidByLast } from "../store/earningsAhead.ts";

export interface ReceiptDeps {
  readonly database: Database;
  readonly source: Pick<LogSource, "cuts" | "cosignReceipt">;
  readonly deployment: Deployment;
  readonly signer: ReceiptSigner;
  /** whether the contract counts the signer now */
  readonly isSigner: () => Promise<boolean>;
  readonly onProgress: () => void;
}

/** A receipt of the log whose signature the server does not have. */
interface OpenReceipt extends EarningsReceiptMessage {
  readonly order: bigint;
}

/**
 * Signs the newest receipts of the log, as far as the last agreed checkpoint pays them, or they
 * promise from the next one on no more than the log shows. Call it after the log was recorded. Returns what is wrong with those that
 * it does not sign. One that is not due yet is looked at again with the next call.
 */
export async function cosignReceipts(deps: ReceiptDeps): Promise<readonly string[]> {
  const { database, source, isSigner } = deps;
  const open = await readOpenReceipts(database);
  if (open.length === 0 || !(await isSigner())) return [];
  const epochs = await nextEpochs(database);
  // A checkpoint that was cut meanwhile may not hold them, and would have to pay them all the same.
  if ((await source.cuts(epochs.lastCut)).length > 0) return [];
  const wrong: string[] = [];
  for (const receipt of open) {
    // oxlint-disable-next-line no-await-in-loop -- one connection, and a bounded number
    const problem = await problemOf(database, receipt, epochs);
    deps.onProgress();
    if (problem === "not_yet") continue;
    // oxlint-disable-next-line no-await-in-loop
    const refusal = problem ?? (await signReceipt(deps, receipt));
    if (refusal !== null) wrong.push(refusal);
  }
  return wrong;
}

/** Receipts that one call looks at. The others follow with the next ones. */
const RECEIPTS_AT_ONCE = 100;

/** The newest receipt of each provider, if the server does not have this auditor's signature of it. */
async function readOpenReceipts(sql: Sql): Promise<readonly OpenReceipt[]> {
  // Plan: receipts_ahead_of_provider.
  return await sql.query<OpenReceipt>(
    `select provider, earned, epoch, log_order as "order" from (
       select distinct on (provider) * from receipts_ahead
       order by provider, log_order desc) as newest
     where not sent order by log_order limit $1`,
    [RECEIPTS_AT_ONCE],
  );
}

interface NextEpochs {
  /** the chain has dropped the last agreed one */
  readonly isDropped: boolean;
  /** the last agreed cut; 0 before the first */
  readonly lastCut: bigint;
  /** the first epoch without a checkpoint that counts, by the auditor's own reading of the chain */
  readonly first: bigint;
  /** the same if the chain had not dropped the last one: a receipt may be older than the drop */
  readonly last: bigint;
}

async function nextEpochs(sql: Sql): Promise<NextEpochs> {
  const cut = await readLastCut(sql);
  if (cut === null) return { lastCut: 0n, first: 1n, last: 1n, isDropped: false };
  const { epoch } = cut.message;
  const isDropped = (await readDrops(sql))(cut.message);
  return { lastCut: cut.id, first: isDropped ? epoch : epoch + 1n, last: epoch + 1n, isDropped };
}

/** Why a receipt is not signed; `null` if it is. */
async function problemOf(
  sql: Sql,
  { provider, earned, epoch, order }: OpenReceipt,
  { first, last, isDropped }: NextEpochs,
): Promise<string | null> {
  if (epoch < first) {
    // If the present checkpoint does not pay it, its holder could drop that checkpoint.
    const isPaid = !isDropped && (await paidByLast(sql, provider)) >= earned;
    return isPaid ? null : "not_yet";
  }
  const about = `the receipt of ${provider}, ${earned} micro-credits from epoch ${epoch} on,`;
  if (epoch > last) return `${about} begins too late: the next epoch is ${last}`;
  const shown = await earnedUpTo(sql, provider, order);
  if (shown === null) return "not_yet";
  if (earned > shown) {
    return `${about} promises ${earned - shown} more than its earnings in the log up to it, ${shown}`;
  }
  const before = await promisedBefore(sql, provider, order);
  if (earned < before) return `${about} is lower than an earlier one of ${before}`;
  return null;
}

async function promisedBefore(sql: Sql, provider: Address, order: bigint): Promise<bigint> {
  const [found] = await sql.query<{ held: bigint | null; ahead: bigint | null }>(
    `select (select earned from receipts where provider = $1) as held,
       (select max(earned) from receipts_ahead where provider = $1 and log_order < $2) as ahead`,
    [bytea(provider), order],
  );
  return max(found?.held ?? 0n, found?.ahead ?? 0n);
}

/**
 * Notes the signature before it leaves: from then on no checkpoint that pays less is signed. Returns
 * why the server does not take it, or `null`: others may be taken all the same.
 */
async function signReceipt(
  { database, source, deployment, signer }: ReceiptDeps,
  { provider, earned, epoch, order }: OpenReceipt,
): Promise<string | null> {
  const message = { provider, earned, epoch };
  await database.query("update receipts_ahead set cosigned = true where log_order = $1", [order]);
  const signature = await signer.signReceipt(deployment, message);
  try {
    await source.cosignReceipt(message, { signer: signer.address, signature });
  } catch (error) {
    if (error instanceof ServerRefused) return `the receipt of ${provider}: ${error.message}`;
    throw error;
  }
  await database.query("update receipts_ahead set sent = true where log_order = $1", [order]);
  return null;
}
