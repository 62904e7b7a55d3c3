import type { HoldStore } from "../../stores/holds/holdStore.ts";
import type { Worker } from "../worker.ts";

export interface ExpiryDeps {
  readonly holds: Pick<HoldStore, "expireDue">;
}

/** Short enough that an abandoned hold frees its credits within a second of its end. */
const PAUSE_MS = 500;

const HOLDS_PER_STEP = 500;

/** Returns the credits of holds whose time is over. */
export function expiryWorker({ holds }: ExpiryDeps): Worker {
  return {
    name: "expiry",
    pauseMs: PAUSE_MS,
    async step() {
      const found = await holds.expireDue(HOLDS_PER_STEP);
      return found === HOLDS_PER_STEP ? "more" : "done";
    },
    failure: "holds that are over could not be freed; the worker tries again",
  };
}
