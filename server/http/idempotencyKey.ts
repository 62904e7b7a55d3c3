import type { Request } from "express";

import { MAX_IDEMPOTENCY_KEY_LENGTH } from "@compute-credits/api/idempotency";
import { fail } from "./problem.ts";

/** A Structured Field string, in which a backslash stands before quotes and backslashes. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/;

/** Without quotes; they would be of a string that does not end. */
const BARE = /^[!#-~](?:[ !#-~]*[!#-~])?$/;

/**
 * The key in the header `Idempotency-Key`, with or without quotes around it; `null` without the
 * header. Throws a 400 unless it is 1 to 255 printable ASCII characters, once.
 */
export function readIdempotencyKey(req: Request): string | null {
  const sent = req.headersDistinct["idempotency-key"];
  if (sent === undefined) return null;
  const [text = "", ...others] = sent;
  const [, quoted] = QUOTED.exec(text) ?? [];
  const key = quoted?.replaceAll(/\\(["\\])/g, "$1") ?? (BARE.test(text) ? text : "");
  if (others.length === 0 && key.length > 0 && key.length <= MAX_IDEMPOTENCY_KEY_LENGTH) return key;
  throw fail(
    400,
    "invalid_idempotency_key",
    `Send one Idempotency-Key of 1 to ${MAX_IDEMPOTENCY_KEY_LENGTH} printable ASCII characters, such as a UUID.`,
  );
}
