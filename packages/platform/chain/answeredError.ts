import { BaseError, HttpRequestError, TimeoutError } from "viem";

/** Whether an endpoint answered, in whatever words: providers word a revert differently. */
export function isAnsweredError(error: unknown): boolean {
  return (
    error instanceof BaseError &&
    error.walk((cause) => cause instanceof HttpRequestError || cause instanceof TimeoutError) ===
      null
  );
}
