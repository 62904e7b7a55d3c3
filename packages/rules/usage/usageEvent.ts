import { hash } from "node:crypto";

import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Measurement } from "../pricing/price.ts";

/** Something that a provider did for a spender. Unique by `(provider, id)`. */
export interface UsageEvent extends Measurement {
  readonly provider: Address;
  readonly id: string;
  readonly spender: SpenderId;
}

/** All that an event says besides its key. */
export type Payload = Omit<UsageEvent, "provider" | "id">;

/** Whether two say the same, however they were written: what tells a repetition from a conflict. */
export function saysTheSame(a: Payload, b: Payload): boolean {
  const names = Object.keys(a.dimensions);
  return (
    a.spender === b.spender &&
    a.meter === b.meter &&
    a.quantity === b.quantity &&
    a.occurredAt.getTime() === b.occurredAt.getTime() &&
    names.length === Object.keys(b.dimensions).length &&
    names.every(
      (name) => Object.hasOwn(b.dimensions, name) && a.dimensions[name] === b.dimensions[name],
    )
  );
}

/** Equal for events that say the same, however they were written. The log of earlier servers has it in place of comparing. */
export function payloadHash(event: Payload): Hex {
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
