/** What a verb found or did. Money is micro-credits as `bigint`, in fields that end in `Micros`. */
export interface Shown {
  /** printed with `--json`, beside `server` */
  readonly data: Readonly<Record<string, unknown>>;
  /** for people; made of `data` if absent */
  readonly lines?: readonly string[];
  /** printed as it is, in place of the lines, unless `--json` is given */
  readonly csv?: string;
  /** whether the verb has printed all by itself, as it came */
  readonly isStream?: boolean;
  /** whether the command ends with exit code 1, because what it checked does not hold */
  readonly hasFailed?: boolean;
}

/** Shows a text of comma-separated values. With `--json` it is the field `csv`. */
export function showCsv(csv: string): Shown {
  return { data: { csv }, csv };
}

/** Shows an answer as it is. */
export function show(data: object, lines?: readonly string[]): Shown {
  return { data: { ...data }, ...(lines === undefined ? {} : { lines }) };
}
