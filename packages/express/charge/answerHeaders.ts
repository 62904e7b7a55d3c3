import type { Finished } from "./charge.ts";

/** What the request cost, in micro-credits: an Integer of RFC 9651. */
const COST_HEADER = "Credits-Cost";

/** What those who pay can still spend after it. */
const REMAINING_HEADER = "Credits-Remaining";

/** The fields as a `Trailer` header announces them. */
export const COST_TRAILERS = `${COST_HEADER}, ${REMAINING_HEADER}`;

/** Whether a `TE` header says that the caller reads trailers (RFC 9110). */
export function wantsTrailers(te: string | undefined): boolean {
  return /\btrailers\b/i.test(te ?? "");
}

/** Whether a `Content-Type` is that of a stream of events. */
export function isEventStream(contentType: string | null | undefined): boolean {
  return /^text\/event-stream\b/.test(contentType ?? "");
}

/** RFC 9651 writes no longer integers. */
const LARGEST_INTEGER = 999_999_999_999_999n;

/** The fields that tell what a request cost, and what is left; without what is not known. */
export function costFields({
  costMicros,
  remainingMicros,
}: Finished): Readonly<Record<string, string>> {
  return { ...field(COST_HEADER, costMicros), ...field(REMAINING_HEADER, remainingMicros) };
}

function field(name: string, micros: bigint | null): Readonly<Record<string, string>> {
  return micros === null || micros > LARGEST_INTEGER ? {} : { [name]: `${micros}` };
}

/**
 * The same as comments of an event stream, which readers of events skip: most clients cannot read
 * trailers, and the headers left before the cost was known.
 */
export function costComment(finished: Finished): string {
  const fields = Object.entries(costFields(finished));
  return fields.map(([name, value]) => `: ${name.toLowerCase()} ${value}\n\n`).join("");
}
