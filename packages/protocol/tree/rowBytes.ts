import { type Address, bytesToHex, hexToBytes } from "viem";

import { ROW_BYTES } from "../keccak/keccakModule.ts";
import type { Row } from "./row.ts";

/**
 * Encodes rows as they are published: party (20 bytes), then spent, refunded and earned (8 bytes
 * each, big-endian). These are the values of `encodeRow` without leading zeros.
 */
export function rowsToBytes(rows: readonly Row[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(rows.length * ROW_BYTES);
  const view = new DataView(bytes.buffer);
  rows.forEach(({ party, spent, refunded, earned }, index) => {
    const at = index * ROW_BYTES;
    bytes.set(hexToBytes(party), at);
    view.setBigUint64(at + SPENT_AT, spent);
    view.setBigUint64(at + REFUNDED_AT, refunded);
    view.setBigUint64(at + EARNED_AT, earned);
  });
  return bytes;
}

export function bytesToRows(bytes: Uint8Array): Row[] {
  return Array.from({ length: bytes.length / ROW_BYTES }, (_, index) => rowAt(bytes, index));
}

export function rowAt(bytes: Uint8Array, index: number): Row {
  const at = index * ROW_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    party: partyAt(bytes, index),
    spent: view.getBigUint64(at + SPENT_AT),
    refunded: view.getBigUint64(at + REFUNDED_AT),
    earned: view.getBigUint64(at + EARNED_AT),
  };
}

export function partyAt(bytes: Uint8Array, index: number): Address {
  const at = index * ROW_BYTES;
  return bytesToHex(bytes.subarray(at, at + SPENT_AT));
}

const SPENT_AT = 20;
const REFUNDED_AT = 28;
const EARNED_AT = 36;
