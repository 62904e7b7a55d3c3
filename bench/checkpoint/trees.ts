import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { numberToHex } from "viem";

import type { Row } from "@compute-credits/protocol/tree/row";
import { rowsToBytes } from "@compute-credits/protocol/tree/rowBytes";
import { TableHasher } from "@compute-credits/protocol/tree/tableHasher";
import { buildTree, padRows } from "@compute-credits/protocol/tree/tree";
import { median, printRatio, seconds } from "../ratio.ts";

const ROUNDS = 7;

/**
 * Compares our tree with OpenZeppelin's over the same rows, from rows to a tree that can prove each
 * of them.
 */
export async function compareTrees(rowCount: number): Promise<void> {
  const rows = rowsOf(rowCount);
  const values = padRows(rows).map(({ party, spent, refunded, earned }) => [
    party,
    spent,
    refunded,
    earned,
  ]);
  let root = "";
  const ourSeconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // oxlint-disable-next-line no-await-in-loop -- runs must not disturb each other
    ourSeconds.push(await seconds(async () => (root = buildTree(rows).root)));
  }
  const theirSeconds = await seconds(async () => {
    const types = ["address", "uint64", "uint64", "uint64"];
    const tree = StandardMerkleTree.of(values, types, { sortLeaves: false });
    if (tree.root !== root) throw new Error("the roots differ");
  });
  console.log(
    `tree of ${rowCount} rows: ${median(ourSeconds).toFixed(3)} s, ` +
      `@openzeppelin/merkle-tree ${theirSeconds.toFixed(1)} s`,
  );
  printRatio("tree_vs_openzeppelin", theirSeconds / median(ourSeconds), 50);
}

/** Prints the memory of all rows in their published form, and of hashing them as a stream. */
export function reportMemory(rowCount: number): void {
  const bytes = rowsToBytes(rowsOf(rowCount));
  const before = usedMegabytes();
  const hasher = new TableHasher();
  hasher.push(bytes);
  const streamed = usedMegabytes() - before;
  hasher.finish();
  console.log(
    `memory for ${rowCount} rows: ${(bytes.length / 1e6).toFixed(0)} MB as published, ` +
      `hashing them as a stream ${Math.max(0, streamed).toFixed(1)} MB more`,
  );
}

function usedMegabytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

function rowsOf(count: number): Row[] {
  return Array.from({ length: count }, (_, n) => ({
    party: numberToHex((n * 7_919_001) % 1_000_000_007, { size: 20 }),
    spent: BigInt(n) * 1_000n,
    refunded: BigInt(n % 7),
    earned: BigInt(n % 3),
  }));
}
