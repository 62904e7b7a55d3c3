import { readFile } from "node:fs/promises";

import { z } from "zod";

import { SOURCES } from "./artifact.ts";
import { COMPILER_SETTINGS } from "./compilerSettings.ts";
import { readSources } from "./sources.ts";

/** The deployed contracts, whose sources explorers and Sourcify can verify. */
export const VERIFIABLE = ["ComputeCredits", "Court", "CreditsLens", "DepositAddresses"] as const;
export type VerifiableName = (typeof VERIFIABLE)[number];

/** The compiler's standard JSON input, as explorers and Sourcify take it. */
export interface StandardInput {
  readonly language: "Solidity";
  readonly sources: Readonly<Record<string, { readonly content: string }>>;
  readonly settings: object;
}

const OPENZEPPELIN = "node_modules/@openzeppelin/contracts/";

/** A contract as the compiler names it: `file:contract`. */
export function qualifiedName(name: VerifiableName): string {
  return `project/contracts/${SOURCES[name]}:${name}`;
}

/**
 * Makes the input that compiles to the deployed bytes, metadata included. The metadata's hash
 * counts the names of the files too, so they are those that Hardhat gives them.
 */
export async function standardInput(name: VerifiableName): Promise<StandardInput> {
  const { version } = z
    .object({ version: z.string() })
    .parse(
      JSON.parse(
        await readFile(new URL(`../../${OPENZEPPELIN}package.json`, import.meta.url), "utf8"),
      ),
    );
  const openzeppelin = `npm/@openzeppelin/contracts@${version}/`;
  const sources = await readSources([`contracts/${SOURCES[name]}`]);
  return {
    language: "Solidity",
    sources: Object.fromEntries(
      [...sources].map(([path, content]) => [
        path.startsWith(OPENZEPPELIN)
          ? openzeppelin + path.slice(OPENZEPPELIN.length)
          : `project/${path}`,
        { content },
      ]),
    ),
    settings: {
      ...COMPILER_SETTINGS,
      remappings: [`project/:@openzeppelin/contracts/=${openzeppelin}`],
      outputSelection: {
        "*": { "*": ["abi", "evm.bytecode", "evm.deployedBytecode", "metadata"] },
      },
    },
  };
}
