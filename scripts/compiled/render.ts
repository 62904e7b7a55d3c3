import { readArtifact } from "./artifact.ts";
import { type AbiConstructor, COMPILED, compiledFile } from "./readCompiled.ts";
import { SOURCES_FILE, hashSources } from "./sources.ts";

/** A committed file, and the text that it has if it agrees with the build in `artifacts/`. */
export interface Rendered {
  readonly file: URL;
  readonly text: string;
}

/** The contracts whose ABIs programs and browsers import. */
const WITH_ABI = [
  "ComputeCredits",
  "Court",
  "CreditsLens",
  "DepositAddresses",
  "TestDollar",
] as const;

/** Renders every committed form of the contracts: ABIs, creation codes and the sources' hashes. */
export async function renderAll(): Promise<readonly Rendered[]> {
  return await Promise.all([
    ...WITH_ABI.map(renderAbi),
    ...COMPILED.map(renderCode),
    hashSources().then((sources) => ({ file: SOURCES_FILE, text: json(sources) })),
  ]);
}

async function renderAbi(name: (typeof WITH_ABI)[number]): Promise<Rendered> {
  const { abi } = await readArtifact(name);
  const constant = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  return {
    file: new URL(`../../packages/protocol/abi/${constant}.ts`, import.meta.url),
    text: `// Written by \`npm run compiled\` from the built contract.\nexport const ${constant}Abi = ${JSON.stringify(abi, null, 2)} as const;\n`,
  };
}

async function renderCode(name: (typeof COMPILED)[number]): Promise<Rendered> {
  const { abi, bytecode } = await readArtifact(name);
  const constructorAbi = abi.filter((item): item is AbiConstructor => item.type === "constructor");
  return { file: compiledFile(name), text: json({ constructorAbi, bytecode }) };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
