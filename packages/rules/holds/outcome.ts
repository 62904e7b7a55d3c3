import type { Address } from "viem";

import type { Debited } from "../usage/outcome.ts";
import type { HoldRefusal } from "./authorize.ts";
import type { Hold } from "./hold.ts";
import type { ResolveRefusal } from "./resolve.ts";

export interface HoldKey {
  readonly provider: Address;
  readonly id: string;
}

export interface CaptureRequest extends HoldKey {
  /** id of the usage event that the capture records; unique per provider, like every event id */
  readonly eventId: string;
  readonly quantity: bigint;
  /** also releases the remainder and ends the hold */
  readonly final: boolean;
}

type NotFound = { readonly reason: "hold_not_found" };

export type AuthorizeOutcome =
  | { readonly result: "held"; readonly hold: Hold; readonly repeated: boolean }
  | { readonly result: "refused"; readonly refusal: HoldRefusal };

export type CaptureOutcome =
  | { readonly result: "captured"; readonly hold: Hold; readonly debit: Debited }
  | {
      readonly result: "refused";
      readonly refusal:
        ResolveRefusal | NotFound | { readonly reason: "event_id_conflict" | "vault_frozen" };
    };

export type ReleaseOutcome =
  | { readonly result: "released"; readonly hold: Hold }
  | { readonly result: "refused"; readonly refusal: ResolveRefusal | NotFound };

/** The hold's unique key. */
export function holdKey({ provider, id }: HoldKey): string {
  return `${provider}/${id}`;
}
