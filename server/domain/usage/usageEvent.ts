import { hash } from "node:crypto";

import type { Address, Hex } from "viem";

import type { SpenderId } from "../../../protocol/spender.ts";
import type { Measurement } from "../rates/price.ts";

/** Something that a provider did for a spender. Unique by `(provider, id)`. */
export interface UsageEvent extends Measurement {
  readonly provider: Address;
  readonly id: string;
  readonly spender: SpenderId;
}

/** Equal for events that say the same, however they were written: what tells a repetition from a conflict. */
export function payloadHash(event: UsageEvent): Hex {
  const dimensions = Object.entries(event.dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const said = [
    event.spender,
    event.meter,
    event.quantity.toString(),
    event.occurredAt.toISOString(),
    dimensions,
  ];
  return `0x${hash("sha256", JSON.stringify(said), "hex")}`;
}
