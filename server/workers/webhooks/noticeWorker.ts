import type { WorkerHealth } from "@compute-credits/platform/process/health";
import { DAY_SECONDS } from "@compute-credits/rules/insight/burn";
import { runway } from "@compute-credits/rules/insight/runway";
import type { MeteringGate } from "../../meteringGate.ts";
import type { InsightStore } from "../../stores/insight/insightStore.ts";
import type { NoticeStore, OnAlarm } from "../../stores/webhooks/noticeStore.ts";
import type { Worker } from "../worker.ts";

export interface NoticeDeps {
  readonly notices: NoticeStore;
  readonly insight: Pick<InsightStore, "outlook">;
  readonly health: Pick<WorkerHealth, "list">;
  readonly gate: Pick<MeteringGate, "stopped">;
}

const PAUSE_MS = 5_000;

/** Endpoints in one step. */
const EXPIRING_PER_STEP = 20;
const RUNWAYS_PER_STEP = 10;

/** A runway is an average over a day: a look in five minutes is enough. */
const RUNWAY_LOOK_SECONDS = 300;

/** An alarm that no server has raised for so long is over. */
const ALARM_ENDS_SECONDS = 60;

/** Writes the events that time brings: final checkpoints, ends of allowances, runways, alarms. */
export function noticeWorker({ notices, insight, health, gate }: NoticeDeps): Worker {
  let before: ReadonlySet<string> = new Set();

  /** Those that were on at the last step, too: what goes off by itself at a start is none. */
  function lastingAlarms(): readonly OnAlarm[] {
    const on = alarmsOf({ health, gate });
    const lasting = on.filter(({ name }) => before.has(name));
    before = new Set(on.map(({ name }) => name));
    return lasting;
  }

  return {
    name: "webhook notices",
    pauseMs: PAUSE_MS,
    async step() {
      await notices.tellAlarms(lastingAlarms(), ALARM_ENDS_SECONDS);
      // What an old ledger says is not to be told; alarms are, because this is one.
      if (gate.stopped !== null) return "done";
      await notices.tellFinal();
      const looked = await notices.tellExpiring(EXPIRING_PER_STEP);
      const runways = await notices.runwaysToLookAt(RUNWAYS_PER_STEP, RUNWAY_LOOK_SECONDS);
      for (const look of runways) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other spares the database
        await notices.tellRunway(look, await secondsToZero(insight, look.account));
      }
      return looked === EXPIRING_PER_STEP || runways.length === RUNWAYS_PER_STEP ? "more" : "done";
    },
    failure: "events of webhooks that time brings could not be written; the worker tries again",
  };
}

async function secondsToZero(
  insight: Pick<InsightStore, "outlook">,
  account: Parameters<InsightStore["outlook"]>[0],
): Promise<bigint | null> {
  const outlook = await insight.outlook(account, [DAY_SECONDS]);
  const [window] = outlook.windows;
  return window === undefined ? null : runway(outlook, window).secondsToZero;
}

function alarmsOf({ health, gate }: Pick<NoticeDeps, "health" | "gate">): readonly OnAlarm[] {
  const checks = health.list().map(({ name, error, warning }) => ({
    name,
    message: error ?? warning ?? null,
  }));
  const metering = { name: "metering", message: gate.stopped?.message ?? null };
  return [...checks, metering].flatMap(({ name, message }) =>
    message === null ? [] : [{ name, message }],
  );
}
