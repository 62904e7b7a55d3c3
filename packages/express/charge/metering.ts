import type { Caller } from "./caller.ts";
import type { Lines, Used } from "./lines.ts";

/** What a charge needs of a metering server. Every method rejects with a `CreditsError`. */
export interface Metering {
  /** Sets the cost of all lines aside, or of none. */
  hold(request: HoldOfLines, signal: AbortSignal): Promise<HeldWork>;
  /** Charges what was used, returns the rest, and ends the hold. The same again charges nothing. */
  capture(id: string, captured: CaptureOfLines, signal: AbortSignal): Promise<Cost>;
  /** Lets a hold last so many seconds from now. The same extension again changes nothing. */
  extend(id: string, more: ExtensionOfHold, signal: AbortSignal): Promise<void>;
  /** Returns all that is held. A hold that has ended already is left as it is. */
  release(id: string, signal: AbortSignal): Promise<Remaining>;
}

export interface HoldOfLines {
  readonly id: string;
  readonly caller: Caller;
  readonly lines: Lines;
  /** seconds until the hold ends by itself */
  readonly ttlSeconds: number;
}

export interface CaptureOfLines {
  readonly lines: Lines;
  /** at most what is held of each line */
  readonly used: Used;
  /** whether the quantities were counted by the provider because nothing told them */
  readonly isEstimated: boolean;
}

export interface ExtensionOfHold {
  /** names the extension within the hold */
  readonly extension: string;
  readonly ttlSeconds: number;
}

export interface HeldWork {
  /** false if a request with the same id opened it, now or earlier */
  readonly isNew: boolean;
  readonly status: "open" | "captured" | "released" | "expired";
  readonly capturedMicros: bigint;
}

export interface Remaining {
  /** micro-credits that the payers can still spend; `null` if the server did not say */
  readonly remainingMicros: bigint | null;
}

export interface Cost extends Remaining {
  /** micro-credits */
  readonly costMicros: bigint;
}
