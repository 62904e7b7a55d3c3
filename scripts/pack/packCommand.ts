import { mkdir } from "node:fs/promises";

import { UsageError, readOptions, run } from "@compute-credits/platform/process/commandLine";
import { type PackOptions, packPackage } from "./packPackage.ts";

/**
 * Does `npm run pack:… -- FOLDER`: packs into the folder, which it makes if it is not there, or into
 * this one, and prints the name of the file.
 */
export async function packCommand(
  command: string,
  { what, install }: { readonly what: string; readonly install: string },
  options: Omit<PackOptions, "out">,
): Promise<void> {
  const help = `npm run ${command} [-- FOLDER]    packs ${what} for npm install

Builds it as it is published, packs it into FOLDER (made if it is not there; this one without), and
prints the name of the file. Then: npm install ${install}

  --help    this text`;

  await run(async () => {
    const { values, positionals } = readOptions({
      options: { help: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    if (values.help) {
      console.log(help);
      return;
    }
    const [out = ".", ...more] = positionals;
    if (more.length > 0) throw new UsageError("It packs into one folder: give one name.");
    await mkdir(out, { recursive: true }).catch((cause: unknown) => {
      throw new UsageError(`${out} is not a folder, and cannot be made.`, { cause });
    });
    console.log(await packPackage({ ...options, out }));
  });
}
