import { Note } from "@compute-credits/rules/log/noteSchema";
import type { LogEntryOf, LogPosition } from "@compute-credits/rules/log/logEntry";
import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Sql } from "@compute-credits/platform/postgres/database";

type NoteKind =
  | "hold_end"
  | "hold_extension"
  | "revocation"
  | "access_end"
  | "acceptance"
  | "blocks"
  | "missed_events"
  | "passed_block"
  | "refund"
  | "receipt"
  | "write_off"
  | "issuing_key"
  | "issuing_key_end"
  | "rule"
  | "provider_approval"
  | "provider_key"
  | "provider_key_end"
  | "code"
  | "code_end"
  | "campaign_rule"
  | "campaign_rule_end"
  | "rule_claim"
  | "checkpoint";

/** A log entry without a table row of its own. */
export type LogNote = {
  [Kind in NoteKind]: Omit<LogEntryOf<Kind>, keyof LogPosition>;
}[NoteKind];

/**
 * Writes notes to the log. Call it in the transaction of the change and under its locks, so that
 * the log order is right.
 */
export async function writeNotes(tx: Sql, notes: readonly LogNote[]): Promise<void> {
  if (notes.length === 0) return;
  await tx.query(
    `insert into log_notes (kind, body) select note->>'kind', note - 'kind'
       from jsonb_array_elements($1::jsonb) as note`,
    [jsonText(notes)],
  );
}

/** Parses a stored note. Throws if it does not match its kind. */
export function parseNote(kind: string, body: unknown): LogNote {
  return Note.parse({ ...Object(body), kind });
}
