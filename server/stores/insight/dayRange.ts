/** A range of recording times, which counts `sign` times. `from` is inclusive, `to` exclusive. */
export interface Edge {
  readonly from: Date;
  readonly to: Date;
  readonly sign: 1 | -1;
}

/** Whole UTC days, and what to add to them and take from them for the exact range. */
export interface DayRange {
  /** midnights */
  readonly from: Date;
  readonly to: Date;
  /** of at most half a day each */
  readonly edges: readonly Edge[];
}

const DAY_MS = 86_400_000;

/** The last that is written with four digits of a year, as the API's times are. */
const LAST_MIDNIGHT_MS = Date.UTC(9_999, 11, 31);

/**
 * Rounds a range to the nearest midnights, so that its edges, which are read from the log, are
 * short. `null` if no whole day is left.
 */
export function wholeDays(from: Date, to: Date): DayRange | null {
  const [first, last] = [nearestMidnight(from), nearestMidnight(to)];
  if (first >= last) return null;
  return {
    from: first,
    to: last,
    edges: [
      ...edge(from, first, { ifBefore: 1 }),
      // The days end before `to`: what is left is added. They end after it: it is taken away.
      ...edge(to, last, { ifBefore: -1 }),
    ],
  };
}

/** The range between an instant and its midnight, with the sign for an instant before midnight. */
function edge(instant: Date, midnight: Date, { ifBefore }: { ifBefore: 1 | -1 }): readonly Edge[] {
  if (instant < midnight) return [{ from: instant, to: midnight, sign: ifBefore }];
  if (instant > midnight) return [{ from: midnight, to: instant, sign: ifBefore === 1 ? -1 : 1 }];
  return [];
}

function nearestMidnight(time: Date): Date {
  const midnight = Math.round(time.getTime() / DAY_MS) * DAY_MS;
  return new Date(Math.min(midnight, LAST_MIDNIGHT_MS));
}
