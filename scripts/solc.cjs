#!/usr/bin/env node
/**
 * The compiler from npm in the form that forge calls: it answers `--version` and `--standard-json`.
 */
const { readFileSync } = require("node:fs");
const solc = require("solc");

if (process.argv.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
}
