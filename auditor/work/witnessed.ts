import { createHash, hash } from "node:crypto";

import type { Address, Hex } from "viem";

import { jsonText } from "@compute-credits/protocol/jsonText";
import { canonicalText } from "@compute-credits/rules/log/canonicalText";
import type { LogEntry, LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { Entry } from "@compute-credits/rules/log/logEntrySchema";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import { type EventId, describeEvent } from "../replay/finding.ts";

/**
 * The entries that an auditor records before a checkpoint holds them: charges, voids and receipts.
 */
export type Witnessed = Extract<LogEntry, { kind: "debit" | "void" | "receipt" }>;

export function witnessedIn(entries: readonly LogEntry[]): Witnessed[] {
  return entries.filter(
    (entry) => entry.kind === "debit" || entry.kind === "void" || entry.kind === "receipt",
  );
}

/** Reads a recorded entry. */
export function asWitnessed(body: unknown): Witnessed {
  const [entry] = witnessedIn([Entry.parse(body)]);
  if (entry === undefined) throw new Error("only debits, voids and receipts are recorded");
  return entry;
}

/** The entry as it is recorded: JSON, from which `asWitnessed` reads it again. */
export function recordedText(entry: Witnessed): string {
  return entry.kind === "debit" ? debitText(entry) : jsonText(entry);
}

/**
 * As `jsonText`, several times faster: nearly all entries are debits. Hex digits and names of meters
 * need no quoting; the log's schema has checked them.
 */
function debitText(entry: LogEntryOf<"debit">): string {
  const { provider, id, spender, meter, quantity, dimensions, priceBasis, holdId } = entry;
  const line = entry.line === undefined ? "" : `"line":${JSON.stringify(entry.line)},`;
  let charges = "";
  for (const { account, allowance, amountMicros, feeMicros } of entry.charges) {
    if (charges !== "") charges += ",";
    charges += `{"account":"${account}","allowance":"${allowance}","amountMicros":"${amountMicros}","feeMicros":"${feeMicros}"}`;
  }
  return (
    `{"kind":"debit","order":"${entry.order}","transaction":"${entry.transaction}",` +
    `"provider":"${provider}","id":${JSON.stringify(id)},"spender":"${spender}",` +
    `"meter":"${meter}","quantity":"${quantity}","dimensions":${JSON.stringify(dimensions)},` +
    `"occurredAt":"${entry.occurredAt.toISOString()}","recordedAt":"${entry.recordedAt.toISOString()}",` +
    `"rateCardVersion":${entry.rateCardVersion},` +
    `"priceBasis":${priceBasis === null ? "null" : jsonText(priceBasis)},` +
    `"holdId":${holdId === null ? "null" : JSON.stringify(holdId)},${line}"charges":[${charges}]}`
  );
}

/** The hash of a `recordedText`: 64 hex digits. */
export function recordedHash(text: string): string {
  return hash("sha256", text, "hex");
}

/** Names what an entry is about: one that changed has the same name. */
export function nameOf(entry: Witnessed): string {
  // Receipts have no id: the log order identifies them.
  const named = entry.kind === "receipt" ? { ...entry, id: `${entry.order}` } : entry;
  return `${entry.kind} ${eventKey(named)}`;
}

/** Equal for equal entries, however they were written. */
export function canonicalHash(entry: LogEntry): Hex {
  return `0x${createHash("sha256").update(canonicalText(entry)).digest("hex")}`;
}

export function eventOf(entry: Witnessed): EventId | null {
  return entry.kind === "receipt" ? null : { provider: entry.provider, id: entry.id };
}

export function describeWitnessed(entry: Witnessed): string {
  return entry.kind === "receipt"
    ? `what ${entry.provider} had earned by ${entry.at.toISOString()}`
    : describeEvent(entry);
}

export function partyOf(entry: Witnessed): Address | null {
  return entry.kind === "debit" ? (entry.charges[0]?.account ?? null) : entry.provider;
}

/** In micro-credits. */
export function amountOf(entry: Witnessed): bigint {
  if (entry.kind === "void") return entry.amountMicros;
  if (entry.kind === "receipt") return entry.earned;
  return entry.charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
}
