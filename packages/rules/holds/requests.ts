import type { Address } from "viem";

import { MAIN_LINE } from "./hold.ts";

export interface HoldKey {
  readonly provider: Address;
  readonly id: string;
}

/** What a capture takes from one line. */
export interface LineCapture {
  readonly line: string;
  /** id of the usage event that it records; unique per provider, like every event id */
  readonly eventId: string;
  readonly quantity: bigint;
}

/** Captures from several lines, or from one, `MAIN_LINE` if none is named: all or nothing. */
export type CaptureRequest = HoldKey & {
  /** also releases the remainder of all lines and ends the hold */
  readonly final: boolean;
} & (
    | { readonly lines: readonly LineCapture[] }
    | { readonly line?: string; readonly eventId: string; readonly quantity: bigint }
  );

export function lineCapturesOf(request: CaptureRequest): readonly LineCapture[] {
  if ("lines" in request) return request.lines;
  const { line = MAIN_LINE, eventId, quantity } = request;
  return [{ line, eventId, quantity }];
}

/** More time, more units, or both. */
export interface ExtendRequest extends HoldKey {
  /** unique within the hold; repeating it changes nothing */
  readonly extensionId: string;
  /** the least time from now until the hold ends; `null` leaves the end as it is */
  readonly ttlSeconds: number | null;
  /** units to add, to lines that the hold has */
  readonly lines: readonly AddedUnits[];
}

export interface AddedUnits {
  readonly line: string;
  readonly quantity: bigint;
}

/** The hold's unique key. */
export function holdKey({ provider, id }: HoldKey): string {
  return `${provider}/${id}`;
}
