/**
 * Ends workloads shortly before their holds end, if no agent does. An agent starts it beside itself;
 * it has no key, reads only the folders of its leases, and ends once none of them is left.
 *
 * `node meter/watchdog/main.ts FOLDER…`
 */
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

import { createClock, later, msUntil } from "../clock.ts";
import { openWorkload } from "../workload/openWorkload.ts";
import { endWorkload } from "../workload/end.ts";
import { readWatched, watchedFile } from "./deadline.ts";

/** The agent, if there is one, comes first. */
const AFTER_THE_AGENT_SECONDS = 1;

/** The longest sleep: how long a lease may be over before its watchdog notices. */
const LONGEST_SLEEP_MS = 10_000;

const now = createClock();

/** Watches one folder until its lease is over. */
async function watch(folder: string): Promise<void> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    const watched = await readWatched(folder);
    if (watched === null) return;
    const { clock, endsAtNs: ns, graceSeconds, workload, dockerSocket } = watched;
    const leftMs = msUntil(later({ clock, ns }, AFTER_THE_AGENT_SECONDS), now());
    if (leftMs > 0) {
      // oxlint-disable-next-line no-await-in-loop
      await delay(Math.min(leftMs, LONGEST_SLEEP_MS));
      continue;
    }
    const graceMs = Math.max(0, graceSeconds - AFTER_THE_AGENT_SECONDS) * 1_000;
    // oxlint-disable-next-line no-await-in-loop
    await endWorkload(openWorkload(workload, dockerSocket), { graceMs, wait: delay });
    // oxlint-disable-next-line no-await-in-loop
    await rm(watchedFile(folder), { force: true });
    return;
  }
}

// The agent's signals are not meant for it: it outlives the agent.
process.on("SIGINT", () => undefined);
process.on("SIGHUP", () => undefined);

const outcomes = await Promise.allSettled(process.argv.slice(2).map(watch));
process.exitCode = outcomes.some(({ status }) => status === "rejected") ? 1 : 0;
