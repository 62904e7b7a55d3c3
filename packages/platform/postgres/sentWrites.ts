import { AsyncLocalStorage } from "node:async_hooks";

interface SentWrites {
  commits: number;
}

const current = new AsyncLocalStorage<SentWrites | undefined>();

/**
 * Runs `work`, such as the answer to a request, and remembers whether it sends the commit of a
 * write. So an answer never says that nothing was applied while an earlier transaction was.
 */
export function countWrites<T>(work: () => T): T {
  return current.run({ commits: 0 }, work);
}

/** Runs work that several requests share, which belongs to none of them. */
export function withoutCounting<T>(work: () => T): T {
  return current.run(undefined, work);
}

/** Whether the work around this call sent the commit of a write that was not refused. */
export function hasSentWrites(): boolean {
  return (current.getStore()?.commits ?? 0) > 0;
}

/** Notes that a commit is sent. Returns what takes it back if PostgreSQL refused it. */
export function noteCommit(): () => void {
  const sent = current.getStore();
  if (sent === undefined) return () => undefined;
  sent.commits++;
  return () => {
    sent.commits--;
  };
}

/** Whether a statement may change something. A `with` may hide an `insert`. */
export function isWrite(text: string): boolean {
  const known = kinds.get(text);
  if (known !== undefined) return known;
  const isChange = CHANGE.test(text.replace(ROW_LOCK, ""));
  if (kinds.size < MAX_KINDS) kinds.set(text, isChange);
  return isChange;
}

const ROW_LOCK = /\bfor\s+(no\s+key\s+)?update\b/gi;
const CHANGE = /\b(insert|update|delete|merge|truncate|create|drop|alter|copy|call|do)\b/i;

/** More than the server has statements. */
const MAX_KINDS = 10_000;
const kinds = new Map<string, boolean>();
