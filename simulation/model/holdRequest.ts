import type { HoldRequest } from "@compute-credits/rules/holds/authorize";
import type { LineRequest } from "@compute-credits/rules/holds/lines";
import type { CaptureRequest } from "@compute-credits/rules/holds/requests";

/** A lane's request for a hold of one line. `quoteNumber` refers to one of the lane's earlier quotes. */
export type SimulatedHold = Pick<HoldRequest, "provider" | "id" | "spender" | "ttlSeconds"> &
  Omit<LineRequest, "line"> & { readonly quoteNumber: number | null };

/** A capture from the only line of a hold. */
export type SimulatedCapture = Extract<CaptureRequest, { eventId: string }>;
