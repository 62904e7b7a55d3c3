import { access } from "node:fs/promises";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { type MirrorFolder, openMirrorFolder } from "../../auditor/mirror/mirrorFolder.ts";
import { type Mirrored, describeMirror } from "../../auditor/mirror/mirrorLog.ts";

/**
 * Opens a copy of the log and checks all of its hashes. What follows the last head that a present
 * signer signed counts only if another copy has it, too, or by the operator's order: whoever wrote a
 * single copy could have made it up.
 */
export async function openCopy(
  folders: readonly string[],
  chain: Pick<ChainReader, "isSigner">,
  acceptsUnsigned: boolean,
): Promise<Mirrored & { readonly copy: MirrorFolder }> {
  const [copy, ...others] = await Promise.all(folders.map(openWhole));
  const last = copy?.last();
  if (copy === undefined || last == null) {
    throw new UsageError(`There is no segment of a log in ${folders[0]}: name a mirror's folder.`);
  }
  const mirrored = await describeMirror(copy, chain);
  const { upTo, signedUpTo } = mirrored;
  if (signedUpTo === upTo || acceptsUnsigned) return { ...mirrored, copy };
  for (const other of others) {
    for await (const { number, head } of other.segments()) {
      if (number === last.number && head === last.head) return { ...mirrored, copy };
    }
  }
  throw new UsageError(
    `No present signer has signed the segments from ${signedUpTo + 1n} to ${upTo}. Name another ` +
      "copy that has them, too, with a second --mirror, or take them as they are with " +
      "--accept-unsigned.",
  );
}

async function openWhole(folder: string): Promise<MirrorFolder> {
  await access(folder).catch((cause: unknown) => {
    throw new UsageError(`The folder ${folder} cannot be read.`, { cause });
  });
  const copy = await openMirrorFolder(folder);
  await copy.verify();
  return copy;
}
