import { hash } from "node:crypto";

import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Measurement } from "../pricing/price.ts";

/** Work that a provider did for a spender. Unique by `(provider, id)`. */
export interface UsageEvent extends Measurement {
  readonly provider: Address;
  readonly id: string;
  readonly spender: SpenderId;
  /** the events of one report that are charged together or not at all; most stand alone */
  readonly group?: EventGroup | undefined;
}

/** A group of one report: the same object in each of its events, so that no two reports share one. */
export interface EventGroup {
  readonly id: string;
}

/** An event without its key, and without those beside which it was reported. */
export type Payload = Omit<UsageEvent, "provider" | "id" | "group">;

/** Whether two payloads are equal, in any order of dimensions: a repetition, not a conflict. */
export function isSamePayload(a: Payload, b: Payload): boolean {
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

/** Hashes a payload, independent of the order of dimensions. Older log rows hold only this hash. */
export function payloadHash(event: Payload): Hex {
  const dimensions = Object.entries(event.dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const fields = [
    event.spender,
    event.meter,
    event.quantity.toString(),
    event.occurredAt.toISOString(),
    dimensions,
  ];
  return `0x${hash("sha256", JSON.stringify(fields), "hex")}`;
}
