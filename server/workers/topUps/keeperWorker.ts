import type { Leadership } from "@compute-credits/platform/postgres/leadership";
import type { Worker } from "../worker.ts";
import { type KeeperDeps, keepToppedUp } from "./keepToppedUp.ts";

/** Tops accounts up while this server leads. It is as safe with two leaders, and costs more. */
export function keeperWorker(
  { leadership, pollMs }: { readonly leadership: Leadership; readonly pollMs: number },
  deps: KeeperDeps,
): Worker {
  return {
    name: "keeper",
    scope: "chain",
    stepBoundMs: 120_000,
    pauseMs: pollMs,
    step: async () => ((await leadership.isLeader()) ? await keepToppedUp(deps) : "done"),
    failure: "accounts could not be topped up; the keeper tries again",
    onStop: () => leadership.resign(),
  };
}
