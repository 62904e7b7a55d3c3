import { createRequire } from "node:module";

import { expect } from "chai";
import type { Hex } from "viem";
import { z } from "zod";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { COMPILER_VERSION } from "../../scripts/compiled/compilerSettings.ts";
import { readCompiled } from "../../scripts/compiled/readCompiled.ts";
import {
  VERIFIABLE,
  type VerifiableName,
  qualifiedName,
  standardInput,
} from "../../scripts/compiled/standardInput.ts";
import { deployContract } from "../../scripts/local/deployLocal.ts";
import { type LocalContract, startContract } from "../fixtures/localContract.ts";

const solc: { version(): string; compile(input: string): string } = createRequire(import.meta.url)(
  "solc",
);

const Bytes = z.object({
  object: z.string(),
  immutableReferences: z
    .record(z.string(), z.array(z.object({ start: z.number(), length: z.number() })))
    .default({}),
});
const Output = z.object({
  contracts: z.record(
    z.string(),
    z.record(z.string(), z.object({ evm: z.object({ bytecode: Bytes, deployedBytecode: Bytes }) })),
  ),
});

/** What an explorer does: compiles the written text, and looks the contract up by its name. */
function compiled(name: VerifiableName, text: string) {
  const { contracts } = Output.parse(JSON.parse(solc.compile(text)));
  const [file = "", contract = ""] = qualifiedName(name).split(":");
  const found = contracts[file]?.[contract];
  if (found === undefined) throw new Error(`${name} is not in the output`);
  return found.evm;
}

/** The deployed bytes, with zeros where the constructor wrote immutables. */
function masked(code: Hex, { immutableReferences }: z.output<typeof Bytes>): string {
  let digits = code.slice(2);
  for (const { start, length } of Object.values(immutableReferences).flat()) {
    const [from, to] = [2 * start, 2 * (start + length)];
    digits = digits.slice(0, from) + "0".repeat(to - from) + digits.slice(to);
  }
  return digits;
}

describe("the standard JSON input of a deployed contract", function () {
  this.timeout(600_000);
  let local: LocalContract;

  before(async () => {
    local = await startContract();
  });
  after(() => local.stop());

  it("is for the compiler whose version the record names", () => {
    expect(solc.version()).to.include(COMPILER_VERSION);
  });

  for (const name of VERIFIABLE) {
    it(`of ${name} compiles to the deployed bytes, metadata included`, async () => {
      const { client, contract, rpcUrl } = local;
      const address = {
        ComputeCredits: () => Promise.resolve(contract),
        Court: () =>
          client.readContract({
            address: contract,
            abi: computeCreditsAbi,
            functionName: "court",
          }),
        CreditsLens: () => deployContract(rpcUrl, "CreditsLens", []),
        DepositAddresses: () => deployContract(rpcUrl, "DepositAddresses", [contract]),
      }[name];
      const code = await client.getCode({ address: await address() });
      if (code === undefined) throw new Error(`${name} has no code`);
      const { bytecode, deployedBytecode } = compiled(
        name,
        JSON.stringify(await standardInput(name)),
      );
      expect(masked(code, deployedBytecode)).to.equal(deployedBytecode.object);
      if (name === "Court") return;
      expect(`0x${bytecode.object}`).to.equal((await readCompiled(name)).bytecode);
    });
  }
});
