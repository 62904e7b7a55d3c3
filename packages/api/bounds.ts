import { MAX_LOTS } from "@compute-credits/protocol/holdBounds";

/**
 * Rows of one page: the most, and how many without `limit`. docs/limits.md is generated from these.
 */
export const PAGES = {
  rateCards: { most: 100, fallback: 100, of: "rate cards" },
  checkpoints: { most: 100, fallback: 20, of: "checkpoints, and cuts of the log" },
  market: { most: 100, fallback: 20, of: "offers of the market" },
  // About 2 MB of JSON.
  entries: { most: 5_000, fallback: 5_000, of: "entries of the log" },
  list: { most: 1_000, fallback: 100, of: "any other list" },
} as const;

/** The most usage events that any server accepts in one request. */
export const MAX_EVENTS_PER_REQUEST = 100_000;

/** The most rates of a card, and tiers of a rate, that any server accepts. */
export const MAX_RATES = { maxRatesPerCard: 10_000, maxTiersPerRate: 100 } as const;

/** The most measurements that any server prices in one request. */
export const MAX_MEASUREMENTS_PER_REQUEST = 100_000;

/** The most grants or codes that any server accepts in one request. */
export const MAX_GRANTS_PER_REQUEST = 100_000;

/** Issuing keys that one account registers, revoked ones included. */
export const MAX_ISSUING_KEYS = 1_000;

/** Each name is hashed, so that this takes milliseconds. */
export const SCOPE_NAMES_PER_REQUEST = 2_000;

/** Bounds of what strangers can make the server read, in bytes and in reported errors. */
export const READING = {
  /** of a body, inflated, without a provider's key; `maxBodyBytes` with one */
  bytesWithoutKey: 256 * 1_024,
  /** an inflated body may be so many times as long as what was sent */
  inflation: 50,
  /** wrong fields that one answer names */
  errors: 20,
  /** characters of a wrong field's pointer, and of what it must be */
  errorText: 200,
} as const;

/** Bounds of single answers, the same on every server. docs/limits.md is generated from these. */
export const ANSWERS = {
  /** larger tables are only published as files, which need not fit into the server's memory */
  rowsAsJson: { most: 10_000, of: "rows of a checkpoint as JSON" },
  listBytes: { most: 1_024 * 1_024, of: "bytes of a page; the next page has the rest" },
  groups: { most: 10_000, of: "groups of a sum" },
  /** a leap year, so that every calendar year fits into one request */
  days: { most: 366, of: "days of a range" },
  /** enough to follow the computation; counts beside the lists tell if there is more */
  listed: { most: 100, of: "holds, and allowances, beside a runway" },
} as const;

/** Bounds of holds, the same on every server. docs/limits.md is generated from these. */
export const HOLDS = {
  lines: { most: 16, of: "lines of a hold" },
  lots: { most: MAX_LOTS, of: "lines of a hold, with what extensions add to them" },
} as const;

/** Bounds of the market, the same on every server. docs/limits.md is generated from these. */
export const MARKET = {
  listed: { most: 1_000, of: "listed profiles" },
  basketLines: { most: 8, of: "lines of a basket" },
  basketCharacters: { most: 4_000, of: "characters of a basket, as JSON" },
} as const;

/** Characters of the longest sign-in message that is read. */
export const SIGN_IN_CHARACTERS = 4_000;

/** How long a key may go on beside the one that replaces it: 30 days. */
export const MAX_OVERLAP_SECONDS = 2_592_000;

/** Characters of what owners write beside what is theirs. */
export const LABEL_CHARACTERS = { session: 200, key: 64 } as const;

/** The longest time of a webhook's threshold: a leap year. */
export const MAX_SECONDS = 366 * 86_400;

/** Bounds of webhooks, the same on every server. */
export const WEBHOOKS = {
  /** endpoints of one account, one provider, or the operator */
  perOwner: 20,
  urlCharacters: 2_000,
  /** events that one request sends again */
  perReplay: 10_000,
  /** deliveries that may wait when somebody asks for a test */
  waitingBeforeTest: 100,
  /** how long an old secret signs beside the new one, if the owner does not say */
  overlapSeconds: 86_400,
} as const;

/** Bounds of streams of live updates, the same on every server. docs/live.md has them. */
export const STREAMS = {
  /** of one address without credentials; with a signed header, of its wallet */
  perCaller: { most: 20, of: "open streams of one session, key or address" },
  perServer: { most: 5_000, of: "open streams of one server" },
  pendingBytes: { most: 1_048_576, of: "bytes that wait for a slow reader" },
  heartbeatSeconds: { most: 15, of: "seconds without a sign of life" },
  resumableEntries: { most: 1_000_000, of: "entries of the log since the last event's id" },
  missedEvents: { most: 10_000, of: "events that a resumed stream has missed" },
  checkpointsPerRead: { most: 200, of: "states of checkpoints at one time" },
} as const;
