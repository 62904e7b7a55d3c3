import { isSnapshot } from "../feed/usageLog.ts";

/**
 * A place in the log that every server of one database understands: a stream that is at it has all
 * entries that the snapshot `since` sees, and, of the others that `upTo` sees, those up to the log
 * order `order` and the rank `rank`. Snapshots follow the order of the commits, and log orders that
 * of each account, so a place has a definite past and loses nothing that commits late.
 */
export interface LivePosition {
  /** PostgreSQL snapshots, as text */
  readonly since: string;
  /** `null` at the end of a window: nothing after `since` was sent */
  readonly upTo: string | null;
  /** with `upTo`: of the last event; without: the newest log order of that moment */
  readonly order: bigint;
  /** orders events of one log order; empty without `upTo` */
  readonly rank: string;
  /** of the states sent last, so that another server does not repeat them */
  readonly sent: SentStates;
}

/** A short digest of the state that was sent last; empty if none was. */
export interface SentStates {
  readonly balance: string;
  readonly refund: string;
}

export const NOTHING_SENT: SentStates = { balance: "", refund: "" };

/** Longer ones are never made: see `boundedSnapshot`. */
export const MAX_ID_CHARACTERS = 4_000;

const RUNNING_TRANSACTIONS = 100;

/** The first two parts of `positionText`, which all events of a window share. */
export function windowText(since: string, upTo: string | null): string {
  return `${packed(since)}~${upTo === null ? "" : packed(upTo)}`;
}

/** Writes `since~upTo~order~rank~balance~refund`, in letters that a header and a URL may have. */
export function positionText(
  window: string,
  { order, rank, sent }: Pick<LivePosition, "order" | "rank" | "sent">,
): string {
  return `${window}~${order.toString(36)}~${rank}~${sent.balance}~${sent.refund}`;
}

const DIGITS = "[0-9a-z]{1,13}";
const SNAPSHOT = `${DIGITS}(?:-${DIGITS}){1,${RUNNING_TRANSACTIONS + 1}}`;
const POSITION = new RegExp(
  `^(${SNAPSHOT})~(${SNAPSHOT})?~(${DIGITS})~([0-9a-f]{0,24})~([\\w-]{8})?~([\\w-]{8})?$`,
);

/** Parses what `positionText` wrote. `null` for anything else: clients may send any text. */
export function parsePosition(text: string): LivePosition | null {
  if (text.length > MAX_ID_CHARACTERS) return null;
  const found = POSITION.exec(text);
  if (found === null) return null;
  const [, since = "", upTo, order = "0", rank = "", balance = "", refund = ""] = found;
  const position = {
    since: unpacked(since),
    upTo: upTo === undefined ? null : unpacked(upTo),
    order: fromBase36(order),
    rank,
    sent: { balance, refund },
  };
  const snapshots = [position.since, position.upTo ?? position.since];
  return snapshots.every(isSnapshot) && position.order < 2n ** 63n ? position : null;
}

/**
 * A snapshot with at most so many running transactions that ids stay short: it sees everything
 * before the oldest of them if there are more. What it does not see comes with a later one.
 */
export function boundedSnapshot(snapshot: string): string {
  const [xmin = "", , list = ""] = snapshot.split(":");
  return list.split(",").length > RUNNING_TRANSACTIONS ? `${xmin}:${xmin}:` : snapshot;
}

/** Whether a snapshot sees all that an earlier one does. One of `boundedSnapshot` may see less. */
export function covers(later: string, earlier: string): boolean {
  if (endOf(earlier) > endOf(later)) return false;
  return !runningIn(later).some((transaction) => sees(earlier, transaction));
}

function sees(snapshot: string, transaction: bigint): boolean {
  if (transaction >= endOf(snapshot)) return false;
  return transaction < startOf(snapshot) || !runningIn(snapshot).includes(transaction);
}

function runningIn(snapshot: string): readonly bigint[] {
  const list = snapshot.split(":")[2] ?? "";
  return list === "" ? [] : list.split(",").map(BigInt);
}

/** Whether the position was made by another database, whose transactions are ahead of this one's. */
export function isAheadOf({ since, upTo }: LivePosition, current: string): boolean {
  return endOf(upTo ?? since) > endOf(current);
}

function startOf(snapshot: string): bigint {
  return BigInt(snapshot.split(":")[0] ?? "0");
}

function endOf(snapshot: string): bigint {
  return BigInt(snapshot.split(":")[1] ?? "0");
}

/** `100:105:100,103` → xmin, the rest as distances from it, in base 36: `2s-5-0-3`. */
function packed(snapshot: string): string {
  const [xmin = "", xmax = "", list = ""] = snapshot.split(":");
  const first = BigInt(xmin);
  const running = list === "" ? [] : list.split(",");
  const distances = [xmax, ...running].map((item) => (BigInt(item) - first).toString(36));
  return [first.toString(36), ...distances].join("-");
}

function unpacked(text: string): string {
  const [xmin = "0", ...distances] = text.split("-");
  const first = fromBase36(xmin);
  const [xmax = first, ...running] = distances.map((item) => first + fromBase36(item));
  return `${first}:${xmax}:${running.join(",")}`;
}

function fromBase36(text: string): bigint {
  let value = 0n;
  for (const digit of text) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value;
}
