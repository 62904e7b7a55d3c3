import { readFile } from "node:fs/promises";

import { type Abi, type Hex, isHex } from "viem";

/** The contracts that have a committed form, and the files in which Hardhat finds them. */
export const SOURCES = {
  ComputeCredits: "ComputeCredits.sol",
  Court: "Court.sol",
  CreditsLens: "lens/CreditsLens.sol",
  DepositAddresses: "deposits/DepositAddresses.sol",
  TestDollar: "mocks/TestDollar.sol",
  TestWallet: "mocks/TestWallet.sol",
  ResetFirstToken: "mocks/ResetFirstToken.sol",
} as const;

export type ContractName = keyof typeof SOURCES;

export interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
}

/** Reads what `npm run build` made of a contract. Rejects if it has not run. */
export async function readArtifact(name: ContractName): Promise<Artifact> {
  const file = new URL(`../../artifacts/contracts/${SOURCES[name]}/${name}.json`, import.meta.url);
  const { abi, bytecode }: { abi: Abi; bytecode: unknown } = JSON.parse(
    await readFile(file, "utf8"),
  );
  if (!isHex(bytecode)) throw new Error(`${file.pathname} holds no bytecode`);
  return { abi, bytecode };
}
