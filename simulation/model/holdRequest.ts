import type { HoldRequest } from "@compute-credits/rules/holds/authorize";
import { MAIN_LINE } from "@compute-credits/rules/holds/hold";
import type { LineRequest } from "@compute-credits/rules/holds/lines";
import type { CaptureRequest, HoldKey, LineCapture } from "@compute-credits/rules/holds/requests";

/** A lane's request for a hold. `quoteNumber` refers to one of the lane's earlier quotes. */
export interface SimulatedHold extends HoldKey {
  readonly spender: HoldRequest["spender"];
  readonly ttlSeconds: number;
  readonly quoteNumber: number | null;
  /** sent in the short form if the only one is `MAIN_LINE` */
  readonly lines: readonly [LineRequest, ...LineRequest[]];
}

/** A capture from lines of a hold, all or none. Sent in the short form if it is of one line. */
export interface SimulatedCapture extends HoldKey {
  readonly lines: readonly [LineCapture, ...LineCapture[]];
  readonly final: boolean;
}

/** What is captured from one line, as the event that it becomes. */
export interface SimulatedLineCapture extends HoldKey, LineCapture {
  readonly final: boolean;
}

export function hasNamedLines({ lines }: Pick<SimulatedHold, "lines">): boolean {
  return lines.length > 1 || lines[0].line !== MAIN_LINE;
}

export function toHoldRequest(hold: SimulatedHold): HoldRequest {
  const { provider, id, spender, ttlSeconds, lines } = hold;
  const rest = { provider, id, spender, ttlSeconds };
  const [{ meter, dimensions, quantity }] = lines;
  return hasNamedLines(hold) ? { ...rest, lines } : { ...rest, meter, dimensions, quantity };
}

export function toCaptureRequest({ lines, ...rest }: SimulatedCapture): CaptureRequest {
  const [{ line, ...only }] = lines;
  if (lines.length > 1) return { ...rest, lines };
  return line === MAIN_LINE ? { ...rest, ...only } : { ...rest, line, ...only };
}

export function lineCapturesOf({ lines, ...rest }: SimulatedCapture): SimulatedLineCapture[] {
  return lines.map((line) => ({ ...rest, ...line }));
}
