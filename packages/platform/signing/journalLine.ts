import { createHash } from "node:crypto";

import { z } from "zod";

import { AddressField, Bytes32Field } from "@compute-credits/protocol/json/fields";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { whole } from "@compute-credits/rules/log/storedJson";

const FORMAT = "compute-credits-signing-journal-1";

/** Of which deployment a file outside the database is. */
const LedgerNameJson = z.object({
  chainId: z.number(),
  contract: AddressField,
  /** the hash of the block before the deployment: a new local chain has the old addresses */
  origin: Bytes32Field,
});

/** Whose signatures a journal keeps, and for which deployment. */
export const JournalOwnerJson = LedgerNameJson.extend({ address: AddressField });

/** The first line of a journal. */
export const JournalHead = JournalOwnerJson.extend({ format: z.literal(FORMAT) });

/** One signature, written before it is made. */
export const JournalRecordJson = z.object({
  epoch: whole,
  asOf: whole,
  digest: Bytes32Field.nullable(),
  root: Bytes32Field.nullable(),
  excuse: z.enum(["dropped", "signers_changed", "released", "ordered"]).nullable(),
  /** the digest of the record that it follows: of two writers at once, the second loses */
  replaces: Bytes32Field.nullable(),
  /** the head of the chain */
  block: whole,
  at: z.string(),
});

export type LedgerName = z.output<typeof LedgerNameJson>;
export type JournalOwner = z.output<typeof JournalOwnerJson>;
export type JournalRecord = z.output<typeof JournalRecordJson>;

export function isSameLedger(one: LedgerName, other: LedgerName): boolean {
  return (
    one.chainId === other.chainId && one.contract === other.contract && one.origin === other.origin
  );
}

/** Tells the files of different deployments apart. */
export function ledgerFilePart({ chainId, contract, origin }: LedgerName): string {
  return `${chainId}-${contract.slice(2, 12)}-${origin.slice(2, 10)}`;
}

export const headLine = (owner: JournalOwner): string => toLine({ format: FORMAT, ...owner });
export const recordLine = (record: JournalRecord): string => toLine(record);

/** Marks the rest of a line that a power cut tore: its signature was never made. */
export const TORN = "#torn";

/** Returns the document of a line, or `null` if the line is not as it was written. */
export function readLine(line: string): unknown {
  const [sum, text] = [line.slice(0, SUM_LENGTH), line.slice(SUM_LENGTH + 1)];
  return sum === sumOf(text) ? (JSON.parse(text) as unknown) : null;
}

const SUM_LENGTH = 16;

function toLine(document: object): string {
  const text = jsonText(document);
  return `${sumOf(text)} ${text}\n`;
}

function sumOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, SUM_LENGTH);
}
