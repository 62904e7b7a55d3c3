/** `npm run gas`: the gas of each operation, compared with limits, peers and direct billing. */
import { readFile, writeFile } from "node:fs/promises";

import { readOptions, run } from "@compute-credits/platform/process/commandLine";
import { LIMITS } from "./gas/limits.ts";
import type { GasTable } from "./gas/measure.ts";

const SNAPSHOT = new URL("../test/contracts/gas.snapshot.json", import.meta.url);

const HELP = `npm run gas -- [options]      gas of each operation, from receipts

  --update    writes the snapshot that the tests compare with
  --help      this text`;

/**
 * Thousands of gas that peers use to settle N = 10, 100 and 1,000 users, with Circle's USDC behind
 * its proxy.
 */
const PEERS: Readonly<Record<string, readonly [number, number, number]>> = {
  "x402 exact": [859, 8_590, 85_900],
  "x402 batch-settlement": [234, 2_100, 21_100],
  "The Graph Horizon collect": [1_519, 15_190, 151_900],
  "Filecoin Pay settleRail": [916, 9_160, 91_600],
  "0G settleFeesWithTEE": [634, 5_940, 59_400],
  "EigenLayer submitRoot (payouts only)": [88.9, 88.9, 88.9],
  "Morpho URD submit + accept (payouts only)": [136.4, 136.4, 136.4],
};

await run(async () => {
  const { values } = readOptions({
    options: {
      update: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) console.log(HELP);
  else await measure(values.update);
});

async function measure(update: boolean): Promise<void> {
  // Loaded only now: a wrong option is answered at once.
  const [{ tasks }, { measureGas }] = await Promise.all([
    import("hardhat"),
    import("./gas/measure.ts"),
  ]);
  await tasks.getTask("build").run({ quiet: true, noTests: true });
  const table = await measureGas();
  print(table);
  if (update) await writeFile(SNAPSHOT, `${JSON.stringify(table, null, 2)}\n`);
  else await compare(table);
}

function print(table: GasTable): void {
  for (const [name, gas] of Object.entries(table)) {
    console.log(`${name.padEnd(48)} ${gas.toLocaleString("en").padStart(10)}`);
  }
  console.log();
  const checkpoint = table["checkpoint, 1 signer, 1,000 parties"] ?? Number.NaN;
  const direct = table["direct billing: transferWithAuthorization"] ?? Number.NaN;
  console.log(
    "Settling the debits of N users, in thousands of gas".padEnd(52),
    "N = 10, 100, 1,000",
  );
  const ours = checkpoint / 1_000;
  const sides = {
    "this contract: one checkpoint": [ours, ours, ours],
    "direct billing, one request each": [10, 100, 1_000].map((n) => (n * direct) / 1_000),
    ...PEERS,
  };
  for (const [name, figures] of Object.entries(sides)) {
    console.log(name.padEnd(48), figures.map((k) => k.toFixed(1).padStart(10)).join(" "));
  }
  console.log();
  for (const [name, limit] of Object.entries(LIMITS)) {
    const ratio = limit / (table[name] ?? Number.NaN);
    printRatio(named(name), ratio);
    if (!(ratio >= 1)) process.exitCode = 1;
  }
  printRatio("direct_billing_of_1000_requests", (1_000 * direct) / checkpoint);
}

/** Prints limit ÷ measured, or peer ÷ ours. The target is 1 or more. */
function printRatio(name: string, ratio: number): void {
  console.log(`RATIO ${name} ${ratio.toFixed(3)} target 1`);
}

/** Turns "settle a payout, 1,000 parties" into one word. */
function named(operation: string): string {
  return operation.replaceAll(/(?<=\d),(?=\d)/g, "").replaceAll(/[^a-z0-9]+/gi, "_");
}

async function compare(table: GasTable): Promise<void> {
  const snapshot: GasTable = JSON.parse(await readFile(SNAPSHOT, "utf8"));
  for (const [name, gas] of Object.entries(table)) {
    if (snapshot[name] !== gas) {
      console.error(`changed: ${name}: ${snapshot[name] ?? "new"} → ${gas} (--update records it)`);
      process.exitCode = 1;
    }
  }
}
