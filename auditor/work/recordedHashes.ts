import { isDeepStrictEqual } from "node:util";

import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { type Witnessed, recordedHash, recordedText } from "./witnessed.ts";

/** Most entries that are remembered: about 50 MB. Those beyond are hashed again. */
const MAX_ENTRIES = 50_000;

/**
 * Remembers the newest recorded entries with their hashes, because comparing an entry takes a tenth
 * of the time of hashing it. A hash is given only for an entry that is equal in every field.
 */
export class RecordedHashes {
  readonly #most: number;
  /** by log order, oldest first */
  readonly #known = new Map<bigint, { readonly entry: Witnessed; readonly hash: string }>();

  constructor(most = MAX_ENTRIES) {
    this.#most = most;
  }

  /** Number of entries that are remembered. */
  get size(): number {
    return this.#known.size;
  }

  /** Remembers entries. `hashes` are in the same order. */
  keep(entries: readonly Witnessed[], hashes: readonly string[]): void {
    for (const [index, entry] of entries.entries()) {
      const hash = hashes[index];
      if (hash !== undefined) this.#known.set(entry.order, { entry, hash });
    }
    for (const order of this.#known.keys()) {
      if (this.#known.size <= this.#most) break;
      this.#known.delete(order);
    }
  }

  /** Returns an entry's hash, and forgets the entry: a cut shows it once. */
  take(entry: Witnessed): string {
    const known = this.#known.get(entry.order);
    if (known === undefined) return recordedHash(recordedText(entry));
    this.#known.delete(entry.order);
    return isSame(known.entry, entry) ? known.hash : recordedHash(recordedText(entry));
  }
}

function isSame(a: Witnessed, b: Witnessed): boolean {
  return a.kind === "debit" && b.kind === "debit" ? isSameDebit(a, b) : isDeepStrictEqual(a, b);
}

/** Nearly all entries are debits, whose fields are compared ten times as fast by name. */
function isSameDebit(a: LogEntryOf<"debit">, b: LogEntryOf<"debit">): boolean {
  return (
    a.order === b.order &&
    a.transaction === b.transaction &&
    a.provider === b.provider &&
    a.id === b.id &&
    a.spender === b.spender &&
    a.meter === b.meter &&
    a.quantity === b.quantity &&
    a.occurredAt.getTime() === b.occurredAt.getTime() &&
    a.recordedAt.getTime() === b.recordedAt.getTime() &&
    a.rateCardVersion === b.rateCardVersion &&
    a.holdId === b.holdId &&
    JSON.stringify(a.dimensions) === JSON.stringify(b.dimensions) &&
    (a.priceBasis === null || b.priceBasis === null
      ? a.priceBasis === b.priceBasis
      : isDeepStrictEqual(a.priceBasis, b.priceBasis)) &&
    a.charges.length === b.charges.length &&
    a.charges.every((charge, index) => {
      const other = b.charges[index];
      return (
        charge.account === other?.account &&
        charge.allowance === other.allowance &&
        charge.amountMicros === other.amountMicros &&
        charge.feeMicros === other.feeMicros
      );
    })
  );
}
