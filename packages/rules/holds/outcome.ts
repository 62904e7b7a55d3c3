import type { Debited } from "../usage/outcome.ts";
import type { HoldRefusal } from "./authorize.ts";
import type { ExtendRefusal } from "./extend.ts";
import type { Hold } from "./hold.ts";
import type { LineCapture } from "./requests.ts";
import type { ResolveRefusal } from "./resolve.ts";

type NotFound = { readonly reason: "hold_not_found" };

/** What is left beside a hold once it was opened or changed. */
export interface Left {
  /**
   * what the allowances that pay for it can still pay, with all of their limits; `null` if nothing
   * was changed now, as in a repetition's answer
   */
  readonly remainingMicros: bigint | null;
}

export type AuthorizeOutcome =
  | ({ readonly result: "held"; readonly hold: Hold; readonly repeated: boolean } & Left)
  | { readonly result: "refused"; readonly refusal: HoldRefusal };

export type CaptureOutcome =
  | (Left & {
      readonly result: "captured";
      readonly hold: Hold;
      /** all lines together; the version is the first line's */
      readonly debit: Debited;
      readonly lines: readonly CapturedLine[];
    })
  | {
      readonly result: "refused";
      readonly refusal:
        ResolveRefusal | NotFound | { readonly reason: "event_id_conflict" | "vault_frozen" };
    };

export interface CapturedLine extends LineCapture {
  readonly debit: Debited;
}

export type ReleaseOutcome =
  | ({ readonly result: "released"; readonly hold: Hold } & Left)
  | { readonly result: "refused"; readonly refusal: ResolveRefusal | NotFound };

export type ExtendOutcome =
  | ({ readonly result: "extended"; readonly hold: Hold; readonly repeated: boolean } & Left)
  | {
      readonly result: "refused";
      readonly refusal: ExtendRefusal | NotFound | { readonly reason: "extension_id_conflict" };
    };

/** The sum of what the lines of one capture cost. */
export function totalOf([first, ...others]: readonly Debited[]): Debited {
  if (first === undefined) throw new Error("a capture has no line");
  if (others.length === 0) return first;
  return {
    ...first,
    costMicros: others.reduce((sum, { costMicros }) => sum + costMicros, first.costMicros),
    charges: [first, ...others].flatMap(({ charges }) => charges),
  };
}
