import { createRequire } from "node:module";

import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatChaiMatchers from "@nomicfoundation/hardhat-ethers-chai-matchers";
import hardhatMocha from "@nomicfoundation/hardhat-mocha";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import hardhatViem from "@nomicfoundation/hardhat-viem";
import { defineConfig } from "hardhat/config";

import { COMPILER_SETTINGS } from "./scripts/compiled/compilerSettings.ts";
import { repeated } from "./test/fixtures/effort.ts";

/** The compiler comes from npm as WebAssembly, so a build downloads nothing. */
const solc = {
  version: "0.8.37",
  path: createRequire(import.meta.url).resolve("solc/soljson.js"),
};

/** Hardhat's types want a value of its own for each profile. */
const settings = structuredClone(COMPILER_SETTINGS);

/**
 * The dollar that gas is measured with is compiled without the newer pipeline, as Circle's token
 * is. Its transfers then cost what Circle's cost, within 20 gas (decision 0118).
 */
const overrides = {
  "contracts/mocks/ProxiedDollar.sol": {
    ...solc,
    settings: { evmVersion: "prague", optimizer: { enabled: true, runs: 1 }, viaIR: false },
  },
};

/**
 * Solidity tests deploy the contracts' bytecode from their artifacts. The tests themselves are
 * compiled without the optimizer: seconds instead of minutes. `npm run test:solidity` names this
 * profile.
 */
const tests = { evmVersion: "prague", optimizer: { enabled: false }, viaIR: false };

export default defineConfig({
  plugins: [hardhatEthers, hardhatChaiMatchers, hardhatMocha, hardhatNetworkHelpers, hardhatViem],
  solidity: {
    profiles: {
      default: { compilers: [{ ...solc, settings }], overrides },
      production: { compilers: [{ ...solc, settings }], overrides },
      tests: { ...solc, settings: tests },
    },
    splitTestsCompilation: true,
  },
  networks: {
    node: { type: "edr-simulated", chainId: 31337, mining: { auto: true, interval: 0 } },
  },
  paths: { tests: { mocha: "test", solidity: "test/contracts" } },
  test: {
    mocha: { timeout: 60_000 },
    solidity: {
      fuzz: { runs: repeated(128) },
      invariant: { runs: repeated(64), depth: 50, failOnRevert: true },
    },
  },
});
