import { z } from "zod";

const Search = z.object({
  from: z.iso.date().optional().catch(undefined),
  to: z.iso.date().optional().catch(undefined),
});

export type StatementSearch = z.output<typeof Search>;

/** The first and the last day in the URL of `/statements`, in UTC. */
export const statementSearch = (search: unknown): StatementSearch => Search.parse(search);

const DAY_MS = 86_400_000;

/** The days that are shown if none are chosen: the last 31. */
export function chosenDays({ from, to }: StatementSearch, now: number) {
  const today = dayOf(now);
  const last = to ?? today;
  return { first: from ?? dayOf(Date.parse(last) - 30 * DAY_MS), last };
}

/** The range of whole days, of which the last is inside. */
export function rangeOf({ first, last }: { readonly first: string; readonly last: string }) {
  return { from: new Date(first), to: new Date(Date.parse(last) + DAY_MS) };
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
