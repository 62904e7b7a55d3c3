import { z } from "zod";

import type { Route } from "./route.ts";

/** Whether requests to this route are answered once if they have an `Idempotency-Key`. */
export function takesIdempotencyKey({
  method,
  hasOwnIds,
}: Pick<Route, "method" | "hasOwnIds">): boolean {
  return method !== "get" && hasOwnIds !== true;
}

export const MAX_IDEMPOTENCY_KEY_LENGTH = 255;

/** The header, for the OpenAPI document. */
export const IdempotencyKeyHeader = z.object({
  "Idempotency-Key": z
    .string()
    .min(1)
    .max(MAX_IDEMPOTENCY_KEY_LENGTH)
    .optional()
    .describe(
      "Printable ASCII, such as a UUID, with or without quotes around it. The same caller, key, " +
        "method, path and body get the first answer again, with `Idempotency-Replayed: true`.",
    ),
});
