import { type Address, type Hex, type Log, isAddressEqual, zeroHash } from "viem";

import { bloomMayContain } from "./logsBloom.ts";

/** An endpoint's answer that cannot be true. */
export class InvalidRpcAnswer extends Error {
  override readonly name = "InvalidRpcAnswer";
}

export interface Header {
  readonly number: bigint;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly logsBloom: Hex;
  readonly timestamp: bigint;
}

export type MinedLog = Log<bigint, number, false>;

/**
 * Throws where the headers are not one chain of the blocks `from` to `to`. (A block that names no parent proves nothing:
 * Hardhat makes such when it is told to mine many at once.)
 */
export function checkHeaders(headers: readonly Header[], from: bigint, to: bigint): void {
  if (BigInt(headers.length) !== to - from + 1n) {
    throw new InvalidRpcAnswer(`${headers.length} blocks for the range ${from} to ${to}`);
  }
  for (const [index, { number, parentHash }] of headers.entries()) {
    const expected = from + BigInt(index);
    if (number !== expected) throw new InvalidRpcAnswer(`block ${number} in place of ${expected}`);
    const parent = headers[index - 1];
    if (parent !== undefined && parentHash !== parent.hash && parentHash !== zeroHash) {
      throw new InvalidRpcAnswer(`block ${number} does not follow block ${parent.number}`);
    }
  }
}

/**
 * The logs in the order of the chain. Throws where one is of another contract, outside the blocks, or of a block with
 * another hash, or where one comes twice.
 */
export function checkLogs(
  logs: readonly MinedLog[],
  headers: readonly Header[],
  contracts: readonly Address[],
): MinedLog[] {
  const byNumber = new Map(headers.map((header) => [header.number, header]));
  for (const { address, blockNumber, blockHash, removed, topics } of logs) {
    const header = byNumber.get(blockNumber);
    if (header === undefined)
      throw new InvalidRpcAnswer(`a log of block ${blockNumber}, unasked for`);
    if (blockHash !== header.hash || removed) {
      throw new InvalidRpcAnswer(`a log of block ${blockNumber} with the hash ${blockHash}`);
    }
    if (!contracts.some((contract) => isAddressEqual(contract, address))) {
      throw new InvalidRpcAnswer(`a log of ${address}, unasked for`);
    }
    if (![address, ...topics].every((value) => bloomMayContain(header.logsBloom, value))) {
      throw new InvalidRpcAnswer(
        `a log that block ${blockNumber} does not have, by its bloom filter`,
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
      throw new InvalidRpcAnswer(`the log ${log.logIndex} of block ${log.blockNumber}, twice`);
    }
  }
  return inOrder;
}

/** Blocks that may have logs of these events, by their bloom filters, and of which none came. */
export function findSuspectBlocks(
  headers: readonly Header[],
  logs: readonly MinedLog[],
  { contracts, topics }: { contracts: readonly Address[]; topics: readonly Hex[] },
): readonly Header[] {
  const told = new Set(logs.map(({ blockNumber }) => blockNumber));
  return headers.filter(
    ({ number, logsBloom }) =>
      !told.has(number) &&
      contracts.some((contract) => bloomMayContain(logsBloom, contract)) &&
      topics.some((topic) => bloomMayContain(logsBloom, topic)),
  );
}

/** Throws where a second asking brought a log that the first one left out. (Each by itself is checked already.) */
export function checkComplete(logs: readonly MinedLog[], second: readonly MinedLog[]): void {
  const name = ({ blockHash, logIndex, topics, data }: MinedLog) =>
    `${blockHash}/${logIndex}/${topics.join()}/${data}`;
  const known = new Set(logs.map(name));
  const missing = second.filter((log) => !known.has(name(log)));
  if (missing.length > 0) {
    throw new InvalidRpcAnswer(
      `asked again, ${missing.length} logs came that were left out before`,
    );
  }
}
