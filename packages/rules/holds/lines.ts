import type { LineWork } from "./hold.ts";
import { type Hold, type HoldLot, MAIN_LINE, heldMicros } from "./hold.ts";

/** A line as a request asks for it. */
export interface LineRequest extends LineWork {
  /** in units of the meter */
  readonly quantity: bigint;
}

/** A line with the sums of its lots. */
export interface HoldLine extends LineRequest {
  readonly capturedQuantity: bigint;
  readonly heldMicros: bigint;
  readonly capturedMicros: bigint;
  readonly lots: readonly HoldLot[];
}

/** A request for several lines, or the short form for one line, whose id is `MAIN_LINE`. */
export type LineRequests = { readonly lines: readonly LineRequest[] } | Omit<LineRequest, "line">;

export function lineRequestsOf(request: LineRequests): readonly LineRequest[] {
  if ("lines" in request) return request.lines;
  const { meter, dimensions, quantity } = request;
  return [{ line: MAIN_LINE, meter, dimensions, quantity }];
}

/** The lines of a hold, in the order in which they were asked for. */
export function linesOf({ lots }: Pick<Hold, "lots">): readonly HoldLine[] {
  return [...Map.groupBy(lots, ({ line }) => line).values()].flatMap((ofLine) => {
    const [first] = ofLine;
    if (first === undefined) return [];
    const { line, meter, dimensions } = first;
    const sum = (of: (lot: HoldLot) => bigint) =>
      ofLine.reduce((total, lot) => total + of(lot), 0n);
    return {
      line,
      meter,
      dimensions,
      quantity: sum(({ quantity }) => quantity),
      capturedQuantity: sum(({ capturedQuantity }) => capturedQuantity),
      heldMicros: heldMicros({ lots: ofLine }),
      capturedMicros: sum(({ capturedMicros }) => capturedMicros),
      lots: ofLine,
    };
  });
}
