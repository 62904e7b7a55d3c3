/** `npm run compiled`: writes the committed forms of the contracts from a fresh build. */
import { mkdir, writeFile } from "node:fs/promises";

import { readOptions, run } from "@compute-credits/platform/process/commandLine";
import { renderAll } from "./compiled/render.ts";
import { changedSources } from "./compiled/sources.ts";

const HELP = `npm run compiled [-- --check]

Builds the contracts and writes what is committed of them:
  packages/protocol/abi/   the ABIs, as TypeScript that viem infers types from
  contracts/compiled/      the creation codes, and the hashes of the sources they came from

  --check   writes nothing, and fails if a source differs from the one that was compiled;
            npm test also compares every byte with a build
  --help    this text`;

await run(async () => {
  const { values } = readOptions({
    options: {
      check: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) console.log(HELP);
  else if (values.check) await check();
  else await write();
});

async function check(): Promise<void> {
  const changed = await changedSources();
  if (changed.length === 0) return;
  console.error(
    `The committed contracts were compiled from other sources: npm run compiled writes them anew.\n${changed.map((path) => `  ${path}`).join("\n")}`,
  );
  process.exitCode = 1;
}

async function write(): Promise<void> {
  const { buildContracts } = await import("./compiled/build.ts");
  await buildContracts();
  await mkdir(new URL("../contracts/compiled/", import.meta.url), { recursive: true });
  for (const { file, text } of await renderAll()) {
    // oxlint-disable-next-line no-await-in-loop -- a few files, named in order
    await writeFile(file, text);
    console.log(`wrote ${file.pathname}`);
  }
}
