import { rm } from "node:fs/promises";

import { lockFolder } from "@compute-credits/platform/postgres/folderLock";
import { type Clock, createClock, later } from "../clock.ts";
import type { LeaseState, WorkloadRecord } from "../journal/entries.ts";
import { type Journal, openJournal } from "../journal/journal.ts";
import { type Lease, createLease } from "../lease/lease.ts";
import type { Ledger } from "../lease/ledger.ts";
import { runLease, settleLast } from "../lease/runLease.ts";
import { endsBeforeSeconds } from "../lease/timing.ts";
import type { Source } from "../sources/source.ts";
import { watchedFile, writeWatched } from "../watchdog/deadline.ts";
import { type Watchdog, startWatchdog } from "../watchdog/start.ts";
import { removeGroups } from "../workload/groups.ts";
import { openWorkload } from "../workload/openWorkload.ts";
import type { LeasedGpus } from "./gpus.ts";
import { linesOf, sourcesOf } from "./measuredLines.ts";
import type { MeterOptions } from "./options.ts";

/** What one lease is run with. */
export interface SessionDeps {
  readonly options: MeterOptions;
  readonly ledger: Ledger;
  readonly gpus: LeasedGpus;
  readonly stopping: AbortSignal;
  readonly say: (line: string) => void;
}

export type SessionEnd =
  { readonly is: "ended"; readonly why: string; readonly isSettled: boolean } | NotBegun;

export interface NotBegun {
  readonly is: "not_begun";
  readonly said: string;
}

/** A workload that waits until it is paid for, or one that runs already. */
export interface Prepared {
  readonly record: WorkloadRecord;
  readonly ended: AbortSignal;
  go(): void;
  cancel(): Promise<void>;
}

const NEVER = new AbortController().signal;

/** One folder of a lease, locked for this process: what an earlier agent left, or a new lease. */
export async function openSession(deps: SessionDeps) {
  const { options, ledger, gpus, stopping, say } = deps;
  const { folder, timing, dockerSocket } = options;
  const unlock = lockFolder(folder);
  const journal = await openJournal(folder);
  const now = createClock();
  const sources = new Map<string, Source>();
  const lease = createLease({
    journal,
    ledger,
    sources,
    timing,
    evidence: gpus.evidence,
    now,
    time: () => new Date(),
    say,
  });

  /** Meters what runs, until it ends or has to. */
  async function meter(record: WorkloadRecord, ended: AbortSignal): Promise<SessionEnd> {
    const workload = openWorkload(record, dockerSocket);
    const watchdog = startWatchdog([folder]);
    const onStep = () => tellWatchdog({ options, journal, lease, watchdog, now });
    const run = { lease, journal, workload, timing, now, say, ended, stopping, onStep };
    const { why, isSettled } = await runLease(run);
    await cleanUp(record);
    watchdog.stop();
    say(`charged ${chargedOf(lease.state)}`);
    return { is: "ended", why, isSettled };
  }

  async function cleanUp(record: WorkloadRecord): Promise<void> {
    await rm(watchedFile(folder), { force: true });
    if (record.isOurs) removeGroups(record.groups);
  }

  async function fill(record: WorkloadRecord): Promise<void> {
    for (const [id, source] of await sourcesOf(options, lease.state.lines, record)) {
      sources.set(id, source);
    }
  }

  return {
    journal,

    /** Takes up what an earlier agent left; `null` if there is nothing. */
    async resume(): Promise<SessionEnd | null> {
      if (journal.state === null || journal.state.isSettled) return null;
      const { workload: record } = await journal.append({ is: "taken" });
      if (record !== null) await fill(record);
      const isRunning =
        record !== null &&
        !lease.state.isOver &&
        (await openWorkload(record, dockerSocket).isRunning());
      if (isRunning) {
        say("taking up a workload that another agent left");
        // What it used meanwhile is charged before anything else: its hold may end soon.
        await lease.measure();
        await lease.settle();
        await lease.extend();
        return await meter(record, NEVER);
      }
      const isSettled = await settleLast({ lease, journal, timing, now, say });
      if (record === null) return isSettled ? null : { is: "ended", why: "not_begun", isSettled };
      await cleanUp(record);
      return { is: "ended", why: "workload_ended", isSettled };
    },

    /** Sets the first credits aside, and only then prepares the workload and lets it begin. */
    async begin(prepare: () => Promise<Prepared>): Promise<SessionEnd> {
      const lines = await linesOf(options, gpus.gpus);
      await journal.append({ is: "lease", lease: crypto.randomUUID(), lines });
      await journal.append({ is: "taken" });
      const opened = await lease.open();
      if (opened.is !== "done") {
        // A hold that was opened without an answer ends by itself.
        await journal.append({ is: "settled" });
        return { is: "not_begun", said: opened.said };
      }
      const prepared = await prepare();
      const { record } = prepared;
      try {
        await journal.append({ is: "workload", workload: record });
        await fill(record);
        await lease.measure();
      } catch (error) {
        await prepared.cancel();
        await settleLast({ lease, journal, timing, now, say });
        throw error;
      }
      const metering = meter(record, prepared.ended);
      prepared.go();
      return await metering;
    },

    async close(): Promise<void> {
      await journal.close();
      unlock();
    },
  };
}

/** Such as `512 cpu.milliseconds, 3 memory.gib_seconds`. */
function chargedOf({ lines, postedUnits, lostUnits, pending }: LeaseState): string {
  const charged = lines.flatMap(({ id, meter }) => {
    const open = pending?.lines[id]?.quantity ?? 0n;
    const units = (postedUnits[id] ?? 0n) - (lostUnits[id] ?? 0n) - open;
    return units > 0n ? [`${units} ${meter}`] : [];
  });
  return charged.join(", ") || "nothing";
}

interface Told {
  readonly options: MeterOptions;
  readonly journal: Journal;
  readonly lease: Lease;
  readonly watchdog: Watchdog;
  readonly now: Clock;
}

/** Tells the watchdog when the hold ends, and sees that it runs. */
async function tellWatchdog({ options, lease, watchdog }: Told): Promise<void> {
  const { folder, timing, dockerSocket } = options;
  const { workload, endsAt } = lease.state;
  if (workload === null || endsAt === null) return;
  const { clock, ns } = later(endsAt, -endsBeforeSeconds(timing));
  const { graceSeconds } = timing;
  await writeWatched(folder, { clock, endsAtNs: ns, graceSeconds, workload, dockerSocket });
  watchdog.keep();
}
