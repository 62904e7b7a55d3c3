import type { Dirent } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import { hasCode } from "@compute-credits/platform/process/errorCode";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { SignedCopies, SignedCopy } from "@compute-credits/client/wallet/copies";
import { copyText, parseCopy } from "@compute-credits/client/wallet/copyText";

/** More than any wallet signs. More are refused rather than some left out. */
const MOST_COPIES = 100_000;
/** Longer than a copy with the longest scope. */
const MOST_BYTES = 262_144;
/** Files that are open at once. */
const AT_ONCE = 64;

const NAME = /^0x[0-9a-f]{64}$/;

/**
 * Copies of what wallets signed, a file each, named by its EIP-712 digest. `put` makes the folder,
 * for its owner only, and resolves once the copy is on the disk. Throws a `UsageError` that names
 * the option for a folder or a file that cannot be used.
 */
export function createFolderCopies(option: string, folder: string): SignedCopies {
  const pathOf = (id: string) => join(folder, lowercaseHex(`0x${id.slice(2)}`));

  async function read(path: string): Promise<SignedCopy> {
    try {
      const file = await open(path);
      try {
        if ((await file.stat()).size > MOST_BYTES) throw new RangeError("it is too large");
        return parseCopy(await file.readFile("utf8"));
      } finally {
        await file.close();
      }
    } catch (cause) {
      if (hasCode(cause, "ENOENT")) throw cause;
      throw new UsageError(`${option}: ${path} is no copy of what a wallet signed.`, { cause });
    }
  }

  return {
    async put(copy) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = pathOf(copy.id);
      const isThere = await stat(path).then(
        () => true,
        () => false,
      );
      if (isThere) return;
      // Whole or not at all: a file of the right name is a copy.
      const part = `${path}.${process.pid}.part`;
      const file = await open(part, "w", 0o600);
      try {
        await file.writeFile(`${copyText(copy)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, path).catch(async (cause: unknown) => {
        await rm(part, { force: true });
        throw cause;
      });
    },
    get: async (id) =>
      await read(pathOf(id)).catch((error: unknown) => {
        if (hasCode(error, "ENOENT")) return null;
        throw error;
      }),
    async list(by) {
      const entries = await readdir(folder, { withFileTypes: true }).catch(
        (cause: unknown): Dirent[] => {
          throw new UsageError(`${option} ${folder} is no folder that can be read.`, { cause });
        },
      );
      const names = entries.filter((entry) => entry.isFile() && NAME.test(entry.name));
      if (names.length > MOST_COPIES) {
        throw new UsageError(`${option} ${folder} has more than ${MOST_COPIES} copies.`);
      }
      const copies: { readonly copy: SignedCopy; readonly keptMs: number }[] = [];
      for (let from = 0; from < names.length; from += AT_ONCE) {
        const some = names.slice(from, from + AT_ONCE).map(async ({ name }) => {
          const path = join(folder, name);
          return { copy: await read(path), keptMs: (await stat(path)).mtimeMs };
        });
        // oxlint-disable-next-line no-await-in-loop -- some after the others, for a bound
        copies.push(...(await Promise.all(some)));
      }
      return copies
        .toSorted((one, other) => one.keptMs - other.keptMs)
        .map(({ copy }) => copy)
        .filter((copy) => lowercaseHex(copy.by) === lowercaseHex(by));
    },
  };
}
