import type { Address } from "viem";

import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { SpenderPair } from "../replay/auditState.ts";

/** Names a pair in the tables `access` and `acceptances`. */
export function pairName({ spender, other }: SpenderPair): string {
  return `${spender}/${other}`;
}

export function pairOf(name: string): [SpenderId, Address] {
  const [spender = "", other = ""] = name.split("/");
  return [hexOf(spender), hexOf(other)];
}

function hexOf(text: string): Address {
  if (!text.startsWith("0x")) throw new Error(`${text} is no hex text`);
  return lowercaseHex(`0x${text.slice(2)}`);
}
