import { readFile } from "node:fs/promises";

import { type Abi, type Hex, isHex } from "viem";

/** The contracts that scripts deploy or talk to, and where Hardhat puts what it made of them. */
const SOURCES = {
  ComputeCredits: "ComputeCredits.sol",
  Court: "Court.sol",
  TestDollar: "mocks/TestDollar.sol",
  TestWallet: "mocks/TestWallet.sol",
} as const;

export type ContractName = keyof typeof SOURCES;

export interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
}

/** Reads a built contract. Throws where `npm run build` has not run. */
export async function readArtifact(name: ContractName): Promise<Artifact> {
  const file = new URL(`../../artifacts/contracts/${SOURCES[name]}/${name}.json`, import.meta.url);
  const { abi, bytecode }: { abi: Abi; bytecode: unknown } = JSON.parse(
    await readFile(file, "utf8"),
  );
  if (!isHex(bytecode)) throw new Error(`${file.pathname} holds no bytecode`);
  return { abi, bytecode };
}
