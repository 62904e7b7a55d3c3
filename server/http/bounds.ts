/** Rows of one page: the most, and how many without `limit`. docs/limits.md is generated from these. */
export const PAGES = {
  rateCards: { most: 100, fallback: 100, of: "rate cards" },
  checkpoints: { most: 100, fallback: 20, of: "checkpoints, and cuts of the log" },
  // About 2 MB of JSON.
  entries: { most: 5_000, fallback: 5_000, of: "entries of the log" },
  list: { most: 1_000, fallback: 100, of: "any other list" },
} as const;

/** Bounds of single answers, the same on every server. docs/limits.md is generated from these. */
export const ANSWERS = {
  /** larger tables are only published as files, which need not fit into the server's memory */
  rowsAsJson: { most: 10_000, of: "rows of a checkpoint as JSON" },
  groups: { most: 10_000, of: "groups of a sum" },
  /** a leap year, so that every calendar year fits into one request */
  days: { most: 366, of: "days of a range" },
  /** enough to follow the computation; counts beside the lists tell if there is more */
  listed: { most: 100, of: "holds, and allowances, beside a runway" },
} as const;
