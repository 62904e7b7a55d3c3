import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { hasCode } from "../process/errorCode.ts";
import {
  JournalHead,
  type JournalOwner,
  JournalOwnerJson,
  type JournalRecord,
  JournalRecordJson,
  readLine,
} from "./journalLine.ts";
import { JournalDamaged, type SigningJournal, openSigningJournal } from "./signingJournal.ts";

/** Journals as a file that another machine imports: of each key its last signature. */
export const JournalExchange = z.object({
  format: z.literal("compute-credits-signing-journals-1"),
  journals: z.array(JournalOwnerJson.extend({ last: JournalRecordJson })).max(1_000),
});

export type JournalExchange = z.output<typeof JournalExchange>;

/** Reads all journals of a folder. Throws `JournalDamaged` if one cannot be read. */
export async function exportJournals(folder: string): Promise<JournalExchange> {
  const all = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
  const names = all.filter((name) => name.endsWith(".journal")).sort();
  const journals = await Promise.all(
    names.map(async (name) => {
      const owner = await readOwner(join(folder, name));
      const last = await openSigningJournal(folder, owner).last();
      if (last === null) throw new JournalDamaged(`${name} is not named after its key`);
      return { ...owner, last };
    }),
  );
  return { format: "compute-credits-signing-journals-1", journals };
}

async function readOwner(path: string): Promise<JournalOwner> {
  const [line = ""] = (await readFile(path, "utf8")).split("\n");
  const head = JournalHead.safeParse(readLine(line));
  if (!head.success) throw new JournalDamaged(`${path} is not a signing journal, or is damaged`);
  const { format: _, ...owner } = head.data;
  return owner;
}

/**
 * What an import did with a key. `conflict`: both know another checkpoint of the same epoch, so the
 * key signs none of it unless the chain drops it.
 */
export type Imported = "new" | "advanced" | "known" | "conflict";

/** Brings the journals of a folder up to the imported ones. None goes back. */
export async function importJournals(
  folder: string,
  { journals }: JournalExchange,
): Promise<readonly { readonly owner: JournalOwner; readonly imported: Imported }[]> {
  return await Promise.all(
    journals.map(async ({ last, ...owner }) => ({
      owner,
      imported: await importRecord(openSigningJournal(folder, owner), last),
    })),
  );
}

/** Throws if another process wrote to the journal meanwhile. */
async function importRecord(journal: SigningJournal, record: JournalRecord): Promise<Imported> {
  const last = await journal.last();
  if (last === null) {
    await requireWritten(journal, await journal.begin({ ...record, replaces: null }));
    return "new";
  }
  if (record.epoch < last.epoch || record.digest === last.digest) return "known";
  const isConflict = record.epoch === last.epoch;
  const asOf = record.asOf > last.asOf ? record.asOf : last.asOf;
  const next: JournalRecord = {
    ...record,
    ...(isConflict ? { asOf, digest: null, root: null } : {}),
    excuse: "ordered",
    replaces: last.digest,
  };
  if (isConflict && last.digest === null) return "known";
  await requireWritten(journal, await journal.append(next));
  return isConflict ? "conflict" : "advanced";
}

async function requireWritten({ path }: SigningJournal, isWritten: boolean): Promise<void> {
  if (!isWritten) throw new Error(`${path} was written to meanwhile: import again`);
}
