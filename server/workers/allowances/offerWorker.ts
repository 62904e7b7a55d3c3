import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import type { Worker } from "../worker.ts";

export interface OfferDeps {
  readonly allowances: Pick<AllowanceStore, "deleteOldOffers">;
  readonly maxOfferSeconds: number;
}

const PAUSE_MS = 60_000;

const OFFERS_PER_STEP = 500;

/** Deletes allowances that no spender accepted in time. They never counted for anything. */
export function offerWorker({ allowances, maxOfferSeconds }: OfferDeps): Worker {
  return {
    name: "offers",
    pauseMs: PAUSE_MS,
    async step() {
      const deleted = await allowances.deleteOldOffers(maxOfferSeconds, OFFERS_PER_STEP);
      return deleted === OFFERS_PER_STEP ? "more" : "done";
    },
    failure: "allowances that nobody accepted could not be deleted; the worker tries again",
  };
}
