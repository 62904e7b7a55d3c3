import { type Address, type Hex, type Log, isAddressEqual, zeroHash } from "viem";

import { bloomMayContain } from "./logsBloom.ts";

/** Thrown for an endpoint's answer that contradicts itself or what was asked. */
export class InvalidRpcAnswer extends Error {
  override readonly name = "InvalidRpcAnswer";
}

/** The fields of a block header that the checks need. */
export interface Header {
  readonly number: bigint;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly logsBloom: Hex;
  readonly timestamp: bigint;
}

export type MinedLog = Log<bigint, number, false>;

/**
 * Checks that the headers are the connected blocks `from` to `to`; throws `InvalidRpcAnswer` if
 * not. A zero parent hash is accepted: Hardhat writes it when it mines many blocks at once.
 */
export function checkHeaders(headers: readonly Header[], from: bigint, to: bigint): void {
  if (BigInt(headers.length) !== to - from + 1n) {
    throw new InvalidRpcAnswer(`got ${headers.length} blocks for the range ${from} to ${to}`);
  }
  for (const [index, { number, parentHash }] of headers.entries()) {
    const expected = from + BigInt(index);
    if (number !== expected) {
      throw new InvalidRpcAnswer(`got block ${number} instead of ${expected}`);
    }
    const parent = headers[index - 1];
    if (parent !== undefined && parentHash !== parent.hash && parentHash !== zeroHash) {
      throw new InvalidRpcAnswer(`block ${number} does not follow block ${parent.number}`);
    }
  }
}

/** What logs are checked against. */
export interface LogChecks {
  readonly headers: readonly Header[];
  readonly contracts: readonly Address[];
  /** hashes of blocks whose bloom filter may deny their logs: an operator ordered it */
  readonly passed: ReadonlySet<Hex>;
}

/**
 * Checks the logs and returns them in chain order. Throws `InvalidRpcAnswer` if one has another
 * contract, a block outside the headers, another block hash, or a duplicate, or if its block's
 * bloom filter denies it.
 */
export function checkLogs(
  logs: readonly MinedLog[],
  { headers, contracts, passed }: LogChecks,
): MinedLog[] {
  const byNumber = new Map(headers.map((header) => [header.number, header]));
  for (const { address, blockNumber, blockHash, removed, topics } of logs) {
    const header = byNumber.get(blockNumber);
    if (header === undefined)
      throw new InvalidRpcAnswer(`got a log of block ${blockNumber}, unasked for`);
    if (blockHash !== header.hash || removed) {
      throw new InvalidRpcAnswer(`got a log of block ${blockNumber} with the hash ${blockHash}`);
    }
    if (!contracts.some((contract) => isAddressEqual(contract, address))) {
      throw new InvalidRpcAnswer(`got a log of ${address}, unasked for`);
    }
    const isDenied = ![address, ...topics].every((value) =>
      bloomMayContain(header.logsBloom, value),
    );
    if (isDenied && !passed.has(header.hash)) {
      throw new InvalidRpcAnswer(
        `got a log that block ${blockNumber} (${header.hash}) does not contain by its bloom filter: ` +
          "name another endpoint; if all agree, order that the block is passed " +
          "(docs/chain-repair.md)",
      );
    }
  }
  const inOrder = logs.toSorted((a, b) =>
    a.blockNumber === b.blockNumber
      ? a.logIndex - b.logIndex
      : Number(a.blockNumber - b.blockNumber),
  );
  for (const [index, log] of inOrder.entries()) {
    const before = inOrder[index - 1];
    if (before?.blockNumber === log.blockNumber && before.logIndex === log.logIndex) {
      throw new InvalidRpcAnswer(`got log ${log.logIndex} of block ${log.blockNumber} twice`);
    }
  }
  return inOrder;
}

/**
 * Blocks whose logs are to be counted by another index: those with logs of these events in the
 * answer, which may lack others, those whose bloom filters admit such logs, and those whose filter
 * is wrong.
 */
export function findBlocksToCount(
  logs: readonly MinedLog[],
  { headers, contracts, passed, topics }: LogChecks & { readonly topics: readonly Hex[] },
): readonly Header[] {
  const withLogs = new Set(logs.map(({ blockNumber }) => blockNumber));
  return headers.filter(
    ({ number, hash, logsBloom }) =>
      withLogs.has(number) ||
      passed.has(hash) ||
      (contracts.some((contract) => bloomMayContain(logsBloom, contract)) &&
        topics.some((topic) => bloomMayContain(logsBloom, topic))),
  );
}

/**
 * Throws `InvalidRpcAnswer` if a second request returned a log that the first left out. Both are
 * checked by `checkLogs` before.
 */
export function checkComplete(logs: readonly MinedLog[], second: readonly MinedLog[]): void {
  const name = ({ blockHash, logIndex, topics, data }: MinedLog) =>
    `${blockHash}/${logIndex}/${topics.join()}/${data}`;
  const known = new Set(logs.map(name));
  const missing = second.filter((log) => !known.has(name(log)));
  if (missing.length > 0) {
    throw new InvalidRpcAnswer(
      `a second request returned ${missing.length} logs that the first left out`,
    );
  }
}
