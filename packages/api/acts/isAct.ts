import type { Route } from "../route.ts";

/** Routes that change something and are no administrative acts: the ledger's log has the work. */
const NO_ACTS: ReadonlySet<string> = new Set([
  "addCheckpointSignature",
  "addReceiptSignature",
  "captureHold",
  "createNonce",
  "extendHold",
  "issueReceipt",
  "makeQuote",
  "openHold",
  "previewPrices",
  "previewUsage",
  "releaseHold",
  "reportUsage",
  "reportUtilisation",
  "voidEvent",
]);

/**
 * Whether the server records each request to this route that changes something. Every new route
 * that changes something is recorded, unless it is named here.
 */
export function isAct({ id, method }: Pick<Route, "id" | "method">): boolean {
  return method !== "get" && !NO_ACTS.has(id);
}
