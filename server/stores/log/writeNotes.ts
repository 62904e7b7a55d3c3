import { z } from "zod";

import type { LogEntryOf, LogPlace } from "@compute-credits/rules/log/logEntry";
import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Sql } from "@compute-credits/platform/postgres/database";

type NoteKind = "hold_end" | "revocation" | "access_end" | "blocks" | "refund" | "receipt";

/** What is written of an entry that has no row of its own. */
export type LogNote = {
  [Kind in NoteKind]: Omit<LogEntryOf<Kind>, keyof LogPlace>;
}[NoteKind];

/** Writes to the log, in the transaction, and under the locks, of what it tells. */
export async function writeNotes(tx: Sql, notes: readonly LogNote[]): Promise<void> {
  if (notes.length === 0) return;
  await tx.query(
    "insert into log_notes (kind, body) select note->>'kind', note - 'kind' from jsonb_array_elements($1::jsonb) as note",
    [jsonText(notes)],
  );
}

const hex = z.templateLiteral(["0x", z.string()]);
const time = z.iso.datetime().transform((text) => new Date(text));
const whole = z.coerce.bigint();

const Note = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("hold_end"),
    provider: hex,
    id: z.string(),
    as: z.enum(["captured", "released", "expired"]),
    at: time,
  }),
  z.object({ kind: z.literal("revocation"), allowance: hex, signature: hex.nullable() }),
  z.object({
    kind: z.literal("access_end"),
    spender: hex,
    provider: hex,
    signature: hex.nullable(),
  }),
  z.object({ kind: z.literal("blocks"), from: whole, to: whole }),
  z.object({ kind: z.literal("refund"), account: hex, amountMicros: whole }),
  z.object({ kind: z.literal("receipt"), provider: hex, earned: whole, epoch: whole, at: time }),
]);

/** A note as the table has it. */
export function noteEntry(kind: string, body: unknown): LogNote {
  return Note.parse({ ...Object(body), kind });
}
