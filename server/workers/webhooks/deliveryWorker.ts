import { setTimeout as delay } from "node:timers/promises";

import type { Logger } from "pino";

import type { Attempt, DeliveryStore } from "../../stores/webhooks/deliveryStore.ts";
import type { Worker } from "../worker.ts";
import { type AttemptDeps, deliverAttempt } from "./deliverAttempt.ts";

export interface DeliveryDeps extends AttemptDeps {
  readonly deliveries: Pick<DeliveryStore, "fanOut" | "claim" | "finish" | "giveBack">;
  readonly log: Logger;
  readonly pauseMs?: number;
}

/** Bounds of what one server sends at once. */
export const SENDING = {
  /** attempts under way */
  inAll: 128,
  /** of them, those to endpoints whose last attempt failed: the others always have room */
  toFailing: 64,
  /** to one endpoint: one that hangs takes no more */
  toOne: 2,
  /** for the name, the connection and the answer of an attempt */
  timeoutMs: 15_000,
  /** longer than an attempt takes: after it, another server takes it over */
  leaseSeconds: 60,
} as const;

const PAUSE_MS = 1_000;

const EVENTS_PER_STEP = 500;

/**
 * Makes the deliveries of new events, and sends what is due. A step waits for no endpoint: attempts
 * go on beside it. A server that dies in the middle of one leaves it to be made again.
 */
export function deliveryWorker({
  deliveries,
  log,
  pauseMs = PAUSE_MS,
  ...deps
}: DeliveryDeps): Worker {
  const stopping = new AbortController();
  const underWay = new Map<bigint, { readonly attempt: Attempt; readonly done: Promise<void> }>();

  async function send(attempt: Attempt): Promise<void> {
    try {
      const outcome = await deliverAttempt(attempt, deps, stopping.signal);
      await deliveries.finish(attempt, outcome);
    } catch (error) {
      // Whatever fails here: the attempt is made again when its lease ends.
      if (stopping.signal.aborted) await deliveries.giveBack([attempt]).catch(() => undefined);
      else log.error({ err: error }, "what became of a webhook's delivery could not be recorded");
    } finally {
      underWay.delete(attempt.id);
    }
  }

  function busyEndpoints(): readonly string[] {
    const counts = new Map<string, number>();
    for (const { attempt } of underWay.values()) {
      counts.set(attempt.endpoint, (counts.get(attempt.endpoint) ?? 0) + 1);
    }
    return [...counts].filter(([, count]) => count >= SENDING.toOne).map(([endpoint]) => endpoint);
  }

  /** Until an attempt ends, or as long as a pause. */
  async function nextEnd(): Promise<void> {
    const ends = [...underWay.values()].map(({ done }) => done);
    const waiting = new AbortController();
    const signal = AbortSignal.any([waiting.signal, stopping.signal]);
    await Promise.race([...ends, delay(pauseMs, undefined, { signal }).catch(() => undefined)]);
    waiting.abort();
  }

  return {
    name: "webhooks",
    pauseMs,
    async step() {
      const events = await deliveries.fanOut(EVENTS_PER_STEP);
      const free = SENDING.inAll - underWay.size;
      if (free <= 0) {
        await nextEnd();
        return "more";
      }
      const claimed = await deliveries.claim({
        most: free,
        mostFailing: Math.max(0, free - (SENDING.inAll - SENDING.toFailing)),
        busy: busyEndpoints(),
        leaseSeconds: SENDING.leaseSeconds,
      });
      for (const attempt of claimed) {
        underWay.set(attempt.id, { attempt, done: send(attempt) });
      }
      if (events === EVENTS_PER_STEP || claimed.length > 0) return "more";
      if (underWay.size === 0) return "done";
      // The next delivery of a busy endpoint need not wait for the pause.
      await nextEnd();
      return "more";
    },
    failure: "webhooks could not be sent; the worker tries again",
    async onStop() {
      stopping.abort();
      await Promise.allSettled([...underWay.values()].map(({ done }) => done));
    },
  };
}
