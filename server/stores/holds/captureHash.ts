import { createHash } from "node:crypto";

import type { Hex } from "viem";

import { MAIN_LINE } from "@compute-credits/rules/holds/hold";
import type { CaptureRequest, LineCapture } from "@compute-credits/rules/holds/requests";

/**
 * Hashes what a capture takes from one line. Repetitions have the same hash. Each line stands for
 * itself: `npm run recover` makes the hash anew from the log, which does not tell what was captured
 * beside it.
 */
export function captureHash(
  { id, final }: Pick<CaptureRequest, "id" | "final">,
  { line, quantity }: Pick<LineCapture, "line" | "quantity">,
): Hex {
  const content = [id, `${quantity}`, final, ...(line === MAIN_LINE ? [] : [line])];
  return `0x${createHash("sha256").update(JSON.stringify(content)).digest("hex")}`;
}
