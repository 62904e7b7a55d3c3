import type { Charge } from "./charge.ts";
import { type Used, wholeOf } from "./lines.ts";

/** How an answer ended. */
export interface Delivery {
  /** the answer's status; 0 if none was sent */
  readonly status: number;
  /** bytes of the body that were handed to the caller's connection */
  readonly bytes: number;
  /** false if the caller left, or the handler gave up, before the end */
  readonly isComplete: boolean;
}

/**
 * What an answer took, if the handler noted nothing and measures nothing: all of the lines, once a
 * part of the answer was delivered. An answer that is an error took nothing.
 */
export function usedFor(charge: Charge, delivery: Delivery, measured: Used | undefined): Used {
  const { status, bytes, isComplete } = delivery;
  if (status >= 400) return {};
  if (measured !== undefined) return measured;
  if (Object.keys(charge.noted).length > 0) return charge.noted;
  return isComplete || bytes > 0 ? wholeOf(charge.lines) : {};
}
