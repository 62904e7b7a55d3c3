import { isDeepStrictEqual } from "node:util";

import type { Sql } from "@compute-credits/platform/postgres/database";
import type { PublishedCut } from "../log/logSource.ts";
import type { AuditState } from "../replay/auditState.ts";
import type { Finding } from "../replay/finding.ts";
import { readCursor } from "../store/chainStore.ts";
import { readCountingCuts, readLastCut, readStateVersion, recordCut } from "../store/cutStore.ts";
import { EventDoubled } from "../store/eventStore.ts";
import { forgetHeld } from "../store/earningsAhead.ts";
import type { AuditCutDeps } from "./auditDeps.ts";
import { checkTable } from "./checkTable.ts";
import {
  type RefundDue,
  findHeldBackRefunds,
  findIgnoredEvents,
  findLag,
  findOverdrawnAccounts,
  findUnpaidReceipts,
} from "./cutFindings.ts";
import { WitnessedDiffers } from "./matchWitnessed.ts";
import { type KnownBefore, MAX_FINDINGS, replayCut } from "./replayCut.ts";

/** Thrown to roll back the transaction of a checkpoint that could not be reproduced. */
class CheckpointRefused extends Error {
  override readonly name = "CheckpointRefused";
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super("the checkpoint could not be reproduced");
    this.findings = findings;
  }
}

/** Thrown to replay a cut again, once it is known which events its server recorded late. */
class MissedEventsNamed extends Error {
  override readonly name = "MissedEventsNamed";
  readonly missed: ReadonlySet<string>;

  constructor(missed: ReadonlySet<string>) {
    super("the log names other missed events than a moment ago: it is read again later");
    this.missed = missed;
  }
}

/**
 * Reproduces a checkpoint from the last agreed one, the log's entries since, and the chain. Returns
 * at most `MAX_FINDINGS` findings; none if it was reproduced. Runs in one transaction, which a
 * refused checkpoint rolls back. Throws `ChainBehind` if the chain was not read far enough.
 */
export async function auditCut(deps: AuditCutDeps, cut: PublishedCut): Promise<readonly Finding[]> {
  try {
    await reproduceInTime(deps, cut);
    return [];
  } catch (error) {
    if (error instanceof CheckpointRefused) return error.findings.slice(0, MAX_FINDINGS);
    throw error;
  }
}

/**
 * A cut is replayed again if it turns out to need what is costly to know before: which events its
 * server recorded late (in the log they stand behind their blocks), whether one is in it twice, and
 * whether the log differs from what was seen before. Each is a reason once.
 */
async function reproduceInTime(deps: AuditCutDeps, cut: PublishedCut): Promise<void> {
  let known: KnownBefore = { missed: new Set(), mayDouble: false, mayDiffer: false };
  for (;;) {
    try {
      const before = known;
      // oxlint-disable-next-line no-await-in-loop -- each replay knows more than the one before
      const saved = await deps.database.transaction((tx) => reproduce(deps, tx, cut, before));
      deps.kept?.put(saved.state, saved.version);
      return;
    } catch (error) {
      const more = learn(known, error);
      if (more === null) throw error;
      known = more;
    }
  }
}

/** What the next replay of the cut knows; `null` if the error is no reason for one. */
function learn(known: KnownBefore, error: unknown): KnownBefore | null {
  if (error instanceof EventDoubled && !known.mayDouble) return { ...known, mayDouble: true };
  if (error instanceof WitnessedDiffers && !known.mayDiffer) return { ...known, mayDiffer: true };
  const isFirst = known.missed.size === 0;
  return error instanceof MissedEventsNamed && isFirst ? { ...known, missed: error.missed } : null;
}

/** Returns the saved state. The caller commits it. */
async function reproduce(
  deps: AuditCutDeps,
  tx: Sql,
  cut: PublishedCut,
  known: KnownBefore,
): Promise<{ readonly state: AuditState; readonly version: string }> {
  const { id, message, snapshot } = cut;
  if (snapshot === null) {
    throw new Error(
      `checkpoint ${message.epoch} was cut before the log existed, so it cannot be reproduced`,
    );
  }
  const { maxLagSeconds, releasedEpoch } = deps.terms;
  const last = await readLastCut(tx);
  const signersSince = await readSignersSince(deps, tx);
  const { counts, before } = await readCountingCuts(tx, message, { releasedEpoch, signersSince });
  const due = await tx.query<RefundDue>(
    "select address, refunding from parties where refunding > 0",
  );
  const kept = deps.kept?.take(await readStateVersion(tx)) ?? null;
  const replayed = await replayCut(deps, tx, { cut, snapshot, last, counts, known, kept });
  if (!isDeepStrictEqual(replayed.missed, known.missed))
    throw new MissedEventsNamed(replayed.missed);

  const cursor = await readCursor(tx);
  const findings = [
    ...replayed.findings,
    ...findHeldBackRefunds(due, replayed.refunded),
    ...(await findIgnoredEvents(tx, message, replayed.state)),
    ...(await findOverdrawnAccounts(tx, id)),
    ...(await findUnpaidReceipts(tx, message)),
    ...findLag(message, replayed.newestRecorded, { cursor, maxLagSeconds }),
    ...(before.finding === null ? [] : [before.finding]),
    ...(await checkTable(deps, tx, cut, before.previous)),
  ];
  if (findings.length > 0) throw new CheckpointRefused(findings);

  await recordCut(tx, { id, message, snapshot, entries: replayed.entries });
  await forgetHeld(tx, snapshot);
  return { state: replayed.state, version: await readStateVersion(tx) };
}

/**
 * When the current signers took over, in seconds since 1970; 0 if the chain was not read so far.
 */
async function readSignersSince({ chain }: AuditCutDeps, tx: Sql): Promise<bigint> {
  const since = await chain.signersSince();
  const { time } = await readCursor(tx);
  return BigInt(Math.floor(time.getTime() / 1000)) >= since ? since : 0n;
}
