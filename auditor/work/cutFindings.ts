import type { Address } from "viem";

import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { AuditState } from "../replay/auditState.ts";
import { type Finding, describeDifference } from "../replay/finding.ts";
import { findIgnoredEvent } from "../replay/replayChain.ts";
import { readChainEvents, readCursor } from "../store/chainStore.ts";

/** Reports a checkpoint that is dated back, because it could hide later chain events. */
export function findLag(
  { asOf }: CheckpointMessage,
  newestRecorded: Date | null,
  { cursor, maxLagSeconds }: { cursor: { time: Date }; maxLagSeconds: number },
): Finding[] {
  if (newestRecorded === null) return [];
  const known = newestRecorded < cursor.time ? newestRecorded : cursor.time;
  const asOfMs = Number(asOf) * 1000;
  const seconds = Math.floor((known.getTime() - asOfMs) / 1000);
  if (seconds <= maxLagSeconds) return [];
  const asOfText = new Date(asOfMs).toISOString();
  return [
    {
      kind: "wrong_as_of",
      party: null,
      event: null,
      expected: `not before ${new Date(known.getTime() - maxLagSeconds * 1000).toISOString()}`,
      actual: asOfText,
      differenceMicros: null,
      text: `the checkpoint is as of ${asOfText}, but holds a debit recorded at ${newestRecorded.toISOString()}: ${seconds} seconds of the chain may be missing`,
    },
  ];
}

/** An account with credits reserved for a refund, in micro-credits. */
export interface RefundDue {
  readonly address: Address;
  readonly refunding: bigint;
}

/** Reports refunds reserved before the previous checkpoint that this one does not include. */
export function findHeldBackRefunds(
  due: readonly RefundDue[],
  refunded: ReadonlySet<Address>,
): Finding[] {
  return due
    .filter(({ address }) => !refunded.has(address))
    .map(({ address, refunding }) => ({
      kind: "refund_held_back",
      party: address,
      event: null,
      expected: `${refunding}`,
      actual: "0",
      differenceMicros: -refunding,
      text: `${refunding} micro-credits were reserved for a refund of ${address} before the previous checkpoint, but this one does not refund them`,
    }));
}

/**
 * Reports chain events before the checkpoint's `asOf` that the server did not apply. A checkpoint
 * after a drop is dated one second later than the drop, and later blocks may have the drop's second,
 * so the events of the last second are left to the next checkpoint.
 */
export async function findIgnoredEvents(
  tx: Sql,
  { asOf }: CheckpointMessage,
  state: AuditState,
): Promise<Finding[]> {
  const cursor = await readCursor(tx);
  const events = await readChainEvents(tx, { from: state.appliedBlock + 1n, to: cursor.number });
  return events
    .filter(({ blockTime }) => BigInt(Math.floor(blockTime.getTime() / 1000)) < asOf - 1n)
    .flatMap(findIgnoredEvent);
}

/** Checks I1 for every party that changed in this cut. */
export async function findOverdrawnAccounts(tx: Sql, cut: bigint): Promise<Finding[]> {
  const records = await tx.query<{ address: Address; over: bigint }>(
    `select address, spent + held + refunding + refunded - purchased as over from parties
     where changed_in = $1 and spent + held + refunding + refunded > purchased`,
    [cut],
  );
  return records.map(({ address, over }) => ({
    kind: "invariant_broken",
    party: address,
    event: null,
    expected: "0",
    actual: `${over}`,
    differenceMicros: over,
    text: `I1: ${address} has spent, held and been refunded ${over} micro-credits more than it bought`,
  }));
}

/**
 * Reports providers whose row pays less than a receipt that is due by this epoch: of those that the
 * log held, and of those that this auditor has signed, wherever the server put them since.
 */
export async function findUnpaidReceipts(
  tx: Sql,
  { epoch }: CheckpointMessage,
): Promise<Finding[]> {
  const records = await tx.query<{
    provider: Address;
    promised: bigint;
    from_epoch: bigint;
    earned: bigint;
  }>(
    `select distinct on (provider) provider, promise.earned as promised,
       promise.epoch as from_epoch, coalesce(parties.earned, 0) as earned
     from (
       select provider, earned, epoch from receipts
       union all
       select provider, earned, epoch from receipts_ahead where cosigned) as promise
     left join parties on address = provider
     where promise.epoch <= $1 and promise.earned > coalesce(parties.earned, 0)
     order by provider, promise.earned desc`,
    [epoch],
  );
  return records.map(({ provider, promised, from_epoch: from, earned }) => ({
    kind: "receipt_not_paid",
    party: provider,
    event: null,
    expected: `${promised}`,
    actual: `${earned}`,
    differenceMicros: earned - promised,
    text: `${provider} has a receipt of ${promised} micro-credits earned from epoch ${from} on, and the checkpoint of epoch ${epoch} pays ${earned}: ${describeDifference(earned - promised)}`,
  }));
}
