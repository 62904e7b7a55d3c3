import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { makeFolder } from "@compute-credits/platform/process/makeFolder";
import { type LedgerName, ledgerFilePart } from "@compute-credits/platform/signing/journalLine";
import { AddressField } from "@compute-credits/protocol/json/fields";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { whole } from "@compute-credits/rules/log/storedJson";
import type { Acknowledged } from "./stores/position/acknowledged.ts";
import type { LedgerPosition } from "./stores/position/findLoss.ts";

/** What a server knows of its database for after a restart. */
export interface KeptPosition {
  readonly position: LedgerPosition;
  readonly acknowledged: readonly Acknowledged[];
}

/** Keeps the position beside the signing journals, outside the database. */
export interface PositionFile {
  /** `null` before the first `write`, and if the file cannot be read */
  read(): Promise<KeptPosition | null>;
  write(kept: KeptPosition): Promise<void>;
}

const Kept = z.object({
  position: z.object({ timeline: z.number(), lsn: whole.nullable(), block: whole }),
  acknowledged: z
    .array(
      z.object({
        kind: z.enum(["debit", "hold"]),
        provider: AddressField,
        id: z.string(),
        atMs: z.number(),
      }),
    )
    .max(1_000),
});

export function createPositionFile(folder: string, name: LedgerName): PositionFile {
  const path = pathOf(folder, name);
  return {
    async read() {
      const text = await readFile(path, "utf8").catch(() => null);
      if (text === null) return null;
      try {
        return Kept.parse(JSON.parse(text));
      } catch {
        return null;
      }
    },

    // Not synced: after a power cut of this machine an older position only notices less.
    async write(kept) {
      await makeFolder(folder);
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, jsonText(kept));
      await rename(draft, path);
    },
  };
}

/** Forgets what servers on this machine knew of their databases, by an operator's order. */
export async function forgetPosition(folder: string, name: LedgerName): Promise<void> {
  await rm(pathOf(folder, name), { force: true });
}

function pathOf(folder: string, name: LedgerName): string {
  return join(folder, `position-${ledgerFilePart(name)}.json`);
}
