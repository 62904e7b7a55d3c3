import { z } from "zod";

/** Usage, voids and holds are answered once by the ids in their bodies and paths. */
const WITH_OWN_IDS = /^\/v1\/(usage|voids|holds|holds\/[^/]+\/(captures|release))\/?$/;

/** Whether requests of this method and path are answered once if they have an `Idempotency-Key`. */
export function takesIdempotencyKey(method: string, path: string): boolean {
  return !SAFE.has(method.toLowerCase()) && !WITH_OWN_IDS.test(path);
}

/** Methods that change nothing (RFC 9110). */
const SAFE: ReadonlySet<string> = new Set(["get", "head", "options"]);

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
