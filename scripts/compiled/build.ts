import { tasks } from "hardhat";

/** Compiles the contracts that changed since the last build; from nothing it takes a minute. */
export async function buildContracts(): Promise<void> {
  await tasks.getTask("build").run({ quiet: true, noTests: true });
}
