import { type ContractName, readArtifact } from "./artifact.ts";

/** The file of `protocol/abi/` that belongs to a built contract. */
export async function renderAbi(name: ContractName): Promise<{ path: URL; text: string }> {
  const { abi } = await readArtifact(name);
  const constant = `${name[0]?.toLowerCase()}${name.slice(1)}`;
  return {
    path: new URL(`../../packages/protocol/abi/${constant}.ts`, import.meta.url),
    text: `// Written by \`npm run abi\` from the built contract.\nexport const ${constant}Abi = ${JSON.stringify(abi, null, 2)} as const;\n`,
  };
}
