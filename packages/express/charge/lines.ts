/** One part of a request's work: what is measured, and the most of it that the work may take. */
export interface Line {
  /** such as `llm.tokens` */
  readonly meter: string;
  /** in units of the meter, from 0 on; a line of 0 is not held */
  readonly quantity: bigint;
  readonly dimensions?: Readonly<Record<string, string>>;
}

/** The parts of a request's work, by names of the provider's own (`input`, `output`). */
export type Lines = Readonly<Record<string, Line>>;

/** What the work took of each line, in units of its meter. A line that is left out took nothing. */
export type Used = Readonly<Record<string, bigint>>;

/** At most what is held: a customer never pays more than it was asked for before the work. */
export function withinHeld(used: Used, lines: Lines): Used {
  return Object.fromEntries(
    Object.entries(lines).map(([name, { quantity }]) => {
      const took = used[name] ?? 0n;
      return [name, took < 0n ? 0n : took > quantity ? quantity : took];
    }),
  );
}

/** All that is held, for work of a fixed price. */
export function wholeOf(lines: Lines): Used {
  return Object.fromEntries(Object.entries(lines).map(([name, { quantity }]) => [name, quantity]));
}

export function isNothing(used: Used): boolean {
  return Object.values(used).every((quantity) => quantity <= 0n);
}
