import { globSync } from "node:fs";
import { createRequire } from "node:module";

import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatChaiMatchers from "@nomicfoundation/hardhat-ethers-chai-matchers";
import hardhatMocha from "@nomicfoundation/hardhat-mocha";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import hardhatViem from "@nomicfoundation/hardhat-viem";
import { defineConfig } from "hardhat/config";

/** The compiler comes from npm as WebAssembly, so a build downloads nothing. */
const solc = {
  version: "0.8.37",
  path: createRequire(import.meta.url).resolve("solc/soljson.js"),
};

const settings = { evmVersion: "prague", optimizer: { enabled: true, runs: 800 } };

/**
 * Solidity tests deploy the production bytecode from its artifact, and are themselves compiled the quick way:
 * viaIR takes minutes for them and tests nothing more.
 */
const quickly = {
  ...solc,
  settings: { evmVersion: "prague", optimizer: { enabled: true, runs: 1 }, viaIR: false },
};
const tests = Object.fromEntries(
  globSync("test/contracts/**/*.sol").map((file) => [file, quickly]),
);

export default defineConfig({
  plugins: [hardhatEthers, hardhatChaiMatchers, hardhatMocha, hardhatNetworkHelpers, hardhatViem],
  solidity: {
    profiles: {
      default: {
        compilers: [{ ...solc, settings: { ...settings, viaIR: true } }],
        overrides: tests,
      },
      production: { ...solc, settings: { ...settings, viaIR: true } },
    },
  },
  networks: {
    node: { type: "edr-simulated", chainId: 31337, mining: { auto: true, interval: 0 } },
  },
  paths: { tests: { mocha: "test", solidity: "test/contracts" } },
  test: {
    mocha: { timeout: 60_000 },
    solidity: { fuzz: { runs: 256 }, invariant: { runs: 64, depth: 50, failOnRevert: true } },
  },
});
