import { readFile } from "node:fs/promises";

import type { Abi, Hex } from "viem";
import { z } from "zod";

/** The contracts that scripts and tests deploy. The vault's creation code contains the court. */
export const COMPILED = [
  "ComputeCredits",
  "CreditsLens",
  "DepositAddresses",
  "TestDollar",
  "TestWallet",
  "ResetFirstToken",
] as const;

export type CompiledName = (typeof COMPILED)[number];

export type AbiConstructor = Extract<Abi[number], { type: "constructor" }>;

/** All that a deployment needs. */
export interface Compiled {
  /** creation code, without the constructor's arguments */
  readonly bytecode: Hex;
  /** how the arguments are encoded; empty if the constructor takes none */
  readonly constructorAbi: readonly AbiConstructor[];
}

/** The committed form of a contract. It is apart from the ABIs because browsers bundle those. */
export function compiledFile(name: CompiledName): URL {
  return new URL(`../../contracts/compiled/${name}.json`, import.meta.url);
}

const CompiledFile = z.object({
  bytecode: z.templateLiteral(["0x", z.string().regex(/^[0-9a-f]+$/)]),
  constructorAbi: z.array(z.custom<AbiConstructor>()),
});

/** Reads a contract's committed creation code, so that a deployment compiles nothing. */
export async function readCompiled(name: CompiledName): Promise<Compiled> {
  return CompiledFile.parse(JSON.parse(await readFile(compiledFile(name), "utf8")));
}
