import { setTimeout as delay } from "node:timers/promises";

import type { Logger } from "pino";
import type { Hex } from "viem";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { jsonText } from "@compute-credits/protocol/jsonText";
import type { SigningJournal } from "@compute-credits/platform/signing/signingJournal";
import type { MeteringGate } from "../../meteringGate.ts";
import type { KeptPosition, PositionFile } from "../../positionFile.ts";
import type { CheckpointStore } from "../../stores/checkpoints/checkpointStore.ts";
import type { AcknowledgedMemory } from "../../stores/position/acknowledged.ts";
import { type LedgerPosition, findLoss } from "../../stores/position/findLoss.ts";
import type { PositionStore } from "../../stores/position/positionStore.ts";

export interface LedgerWatchDeps {
  readonly positions: PositionStore;
  readonly acknowledged: AcknowledgedMemory;
  readonly file: PositionFile;
  readonly checkpoints: Pick<CheckpointStore, "isKnown">;
  readonly chain: Pick<ChainReader, "latestCheckpoint">;
  /** the chain is asked at most so often */
  readonly chainPauseMs: number;
  /** of this server's signers */
  readonly journals: readonly SigningJournal[];
  readonly gate: MeteringGate;
  readonly log: Logger;
}

export interface LedgerWatch {
  /**
   * Looks whether the ledger lacks anything that was committed, signed or acknowledged, and stops or
   * resumes metering. Rejects, with metering stopped, if the database does not answer.
   */
  check(): Promise<void>;
}

/** A check waits no longer for the chain: it must see soon what happens to the database. */
const CHAIN_WAIT_MS = 500;

/** The first check waits longer, because metering begins after it. */
const FIRST_CHAIN_WAIT_MS = 2_000;

/** Older debits may be in an archive (docs/log-archive.md), which moves none so young. */
const MEMORY_MS = 7 * 86_400_000;

const UNREACHABLE =
  "the database does not answer, or a connection to it was lost: metering goes on after a look " +
  "whether everything is there";

/** What the operator does about an old ledger. */
const WHAT_TO_DO =
  "The database was restored from a backup, or a failover lost its last seconds. " +
  "Stop all servers and run npm run recover (docs/recovery.md)";

/** Watches that the database never goes back behind this server's memory, the journals or the chain. */
export function createLedgerWatch(deps: LedgerWatchDeps): LedgerWatch {
  const { positions, acknowledged, file, checkpoints, chain, journals, gate, log } = deps;
  let seen: LedgerPosition | null = null;
  let kept = "";
  let reported: string | null = null;
  let askedChainAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | null = null;
  let newest: { readonly epoch: bigint; readonly root: Hex } | null = null;
  let losses = 0;
  // The next connection may reach an older copy within less time than passes between two looks.
  positions.onLost(() => {
    losses++;
    gate.stop("database_unreachable", UNREACHABLE);
  });

  async function lossSince(): Promise<string | null> {
    const before = seen === null ? await file.read() : null;
    const known = [...(before?.acknowledged ?? []), ...acknowledged.newest()].filter(
      ({ atMs }) => Date.now() - atMs < MEMORY_MS,
    );
    const now = await positions.read();
    const missing = await positions.missing(known);
    const last = seen ?? before?.position ?? null;
    const loss = last === null ? null : findLoss(last, now, missing);
    if (loss !== null) {
      // A restart must find it out too.
      await keep({ position: last ?? now, acknowledged: known });
      return loss;
    }
    if (last !== null && now.timeline !== last.timeline) {
      log.warn(
        { timeline: now.timeline, before: last.timeline },
        "PostgreSQL failed over; everything that this server acknowledged is there",
      );
    }
    seen = now;
    const next = acknowledged.newest().length === 0 ? known : acknowledged.newest();
    await keep({ position: now, acknowledged: next });
    return null;
  }

  async function keep(known: KeptPosition): Promise<void> {
    const text = jsonText(known);
    if (text === kept) return;
    kept = text;
    // A full disk of this machine only makes a restart notice less.
    await file.write(known).catch((error: unknown) => {
      log.warn({ err: error }, "the ledger's position could not be kept on disk");
    });
  }

  async function unknownInJournals(): Promise<string | null> {
    for (const journal of journals) {
      // oxlint-disable-next-line no-await-in-loop -- a handful of small files
      const last = await journal.last().catch(() => null);
      if (last?.root == null) continue;
      // oxlint-disable-next-line no-await-in-loop
      if (await checkpoints.isKnown(last.epoch, last.root)) continue;
      return `${journal.owner.address} signed ${last.root} for epoch ${last.epoch}, which the ledger does not have`;
    }
    return null;
  }

  async function readNewest(): Promise<void> {
    // A chain that does not answer shows nothing, and must not stop metering.
    newest = (await chain.latestCheckpoint().catch(() => null)) ?? newest;
    asking = null;
  }

  /** Asks the chain, if it is time to. A late answer is taken by a later look. */
  async function askChain(): Promise<void> {
    const isFirst = askedChainAt === Number.NEGATIVE_INFINITY;
    if (asking === null && performance.now() - askedChainAt >= deps.chainPauseMs) {
      askedChainAt = performance.now();
      asking = readNewest();
    }
    if (asking === null) return;
    const waitMs = isFirst ? FIRST_CHAIN_WAIT_MS : CHAIN_WAIT_MS;
    await Promise.race([asking, delay(waitMs, null, { ref: false })]);
  }

  async function unknownOnChain(): Promise<string | null> {
    await askChain();
    if (newest === null || newest.epoch === 0n) return null;
    if (await checkpoints.isKnown(newest.epoch, newest.root)) return null;
    return `the chain has ${newest.root} for epoch ${newest.epoch}, which the ledger does not have`;
  }

  return {
    async check() {
      const lossesBefore = losses;
      try {
        await positions.reach();
        const recorded = await positions.stop();
        if (recorded !== null) {
          stop(recorded.message);
        } else {
          const why =
            (await lossSince()) ?? (await unknownInJournals()) ?? (await unknownOnChain());
          if (why === null) {
            gate.resume("ledger_behind");
          } else {
            const message = `the ledger is behind: ${why}. ${WHAT_TO_DO}`;
            stop(message);
            await positions.recordStop(message);
          }
        }
      } catch (error) {
        gate.stop("database_unreachable", UNREACHABLE);
        report();
        // What it has acknowledged since the last look must outlive this process too.
        if (seen !== null) await keep({ position: seen, acknowledged: acknowledged.newest() });
        throw error;
      }
      // What was looked at before a loss says nothing of what is behind the next connection.
      if (losses === lossesBefore) gate.resume("database_unreachable");
      report();
    },
  };

  function stop(message: string): void {
    gate.stop("ledger_behind", message);
  }

  /** Logs a change once, whoever found it. */
  function report(): void {
    const message = gate.stopped?.message ?? null;
    if (message === reported) return;
    if (message === null) log.info("the ledger is whole: metering goes on");
    else log.error({ cause: gate.stopped?.cause }, `metering stopped: ${message}`);
    reported = message;
  }
}
