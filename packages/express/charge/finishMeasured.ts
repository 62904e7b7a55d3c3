import type { Charge, Finished } from "./charge.ts";
import type { Delivery } from "./delivery.ts";
import type { Used } from "./lines.ts";

export interface Measuring {
  readonly usedFor: (delivery: Delivery) => Promise<Used>;
  readonly onError: (error: unknown) => void;
}

/** Measures an answer and charges what it took. Work that nobody could count is not charged. */
export async function finishMeasured(
  charge: Charge,
  delivery: Delivery,
  { usedFor, onError }: Measuring,
): Promise<Finished> {
  try {
    return await charge.finish(await usedFor(delivery));
  } catch (error) {
    onError(error);
    return await charge.finish({});
  }
}
