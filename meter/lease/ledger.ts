/** What a lease asks of the ledger. Each request has an id of its own, so it can be sent again. */
export interface Ledger {
  /** Sets the most of each line aside, or nothing. */
  open(hold: HoldOfLines): Promise<Outcome<Opened>>;
  /** Adds time, units or both to the hold, at the prices of this moment. */
  extend(extension: HoldExtension): Promise<Outcome<object>>;
  /** Charges units of lines from the hold: all of them, or none. */
  capture(capture: LineCapture): Promise<Outcome<object>>;
  /** Charges units without a hold, for a hold that ended before its capture arrived: all or none. */
  report(events: readonly LineEvent[], parties: Opened): Promise<Outcome<object>>;
  /** Returns the rest of the hold. */
  release(hold: string): Promise<Outcome<object>>;
}

/**
 * `done`: now or before. `refused`: for good, with the ledger's reason and what it said; `isUnpaid`
 * if credits are missing. `unknown`: there was no answer, so the same request must be sent again.
 */
export type Outcome<Answer> =
  | { readonly is: "done"; readonly answer: Answer }
  | {
      readonly is: "refused";
      readonly reason: string;
      readonly isUnpaid: boolean;
      readonly said: string;
    }
  | { readonly is: "unknown"; readonly said: string };

export interface Opened {
  readonly provider: string;
  readonly spender: string;
}

export interface HoldOfLines {
  readonly id: string;
  readonly ttlSeconds: number;
  readonly lines: readonly HeldLine[];
}

export interface HeldLine {
  readonly id: string;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
}

export interface HoldExtension {
  readonly hold: string;
  readonly id: string;
  /** from now on; a hold that lasts longer already keeps its end */
  readonly ttlSeconds: number;
  readonly addUnits: Readonly<Record<string, bigint>>;
}

export interface LineCapture {
  readonly hold: string;
  /** by line */
  readonly lines: Readonly<Record<string, LinePart>>;
  /** `null` before a hold is open */
  readonly parties: Opened | null;
  /** also returns the rest, and ends the hold */
  readonly isFinal: boolean;
  /** when the last of it was used */
  readonly usedUpTo: string;
}

export interface LinePart {
  readonly eventId: string;
  readonly quantity: bigint;
  readonly seen?: Seen | undefined;
}

/** What the machine showed, by name, such as `utilisation_percent`. No price depends on it. */
export type Seen = Readonly<Record<string, string>>;

export interface LineEvent {
  readonly id: string;
  readonly time: string;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
  readonly seen?: Seen | undefined;
}
