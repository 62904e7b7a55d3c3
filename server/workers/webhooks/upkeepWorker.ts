import type { DeliveryStore } from "../../stores/webhooks/deliveryStore.ts";
import type { WebhookStore } from "../../stores/webhooks/webhookStore.ts";
import type { Worker } from "../worker.ts";

export interface UpkeepDeps {
  readonly deliveries: Pick<DeliveryStore, "deleteOld">;
  /** `null` if this server has no key for the secrets */
  readonly webhooks: Pick<WebhookStore, "resealOld"> | null;
  readonly keepSeconds: number;
}

const PAUSE_MS = 60_000;

const EVENTS_PER_STEP = 500;
const SECRETS_PER_STEP = 100;

/** Deletes events that were kept long enough, and seals secrets with the newest key. */
export function upkeepWorker({ deliveries, webhooks, keepSeconds }: UpkeepDeps): Worker {
  return {
    name: "webhook log",
    pauseMs: PAUSE_MS,
    async step() {
      const deleted = await deliveries.deleteOld(keepSeconds, EVENTS_PER_STEP);
      const resealed = (await webhooks?.resealOld(SECRETS_PER_STEP)) ?? 0;
      return deleted === EVENTS_PER_STEP || resealed === SECRETS_PER_STEP ? "more" : "done";
    },
    failure: "old events of webhooks could not be deleted; the worker tries again",
  };
}
