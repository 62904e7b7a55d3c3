import { type WalletClient, hashMessage, hashTypedData } from "viem";
import { z } from "zod";

import { SENT_WORDS, SIGNED_WORDS } from "./plainWords.ts";

/** What a wallet is about to do. Rejects to stop it. */
export interface Announcements {
  readonly signs: (lines: readonly string[], care: Care) => Promise<void>;
  readonly sends: (lines: readonly string[]) => Promise<void>;
}

/** What a signature needs before it is given. */
export interface Care {
  /** that the chain has shown the vault which it is bound to */
  readonly needsChain: boolean;
  readonly asks: boolean;
}

const NONE: Care = { needsChain: false, asks: false };

/** Signatures that let their bearer read, and nothing else. */
const READ_ONLY = new Set(["LogAccess"]);

const TypedData = z.object({
  domain: z.record(z.string(), z.unknown()),
  types: z.record(z.string(), z.array(z.object({ name: z.string(), type: z.string() }))),
  primaryType: z.string(),
  message: z.record(z.string(), z.unknown()),
});

const Call = z.object({
  address: z.string(),
  functionName: z.string(),
  args: z.array(z.unknown()).default([]),
  value: z.bigint().default(0n),
});

const Text = z.object({ message: z.string() });

/**
 * The same wallet, which first shows what it signs in plain words, field by field, with the hash
 * that a hardware wallet shows, and what it sends.
 */
export function announcedWallet(
  wallet: WalletClient,
  { signs, sends }: Announcements,
): WalletClient {
  const signTypedData: WalletClient["signTypedData"] = async (args) => {
    const typedData = TypedData.parse(args);
    const { primaryType, message } = typedData;
    const hash = hashTypedData(typedData);
    const words = SIGNED_WORDS[primaryType]?.(message) ?? "is of a type that has no words here";
    const head = `Signature ${primaryType}: ${words}.`;
    if (READ_ONLY.has(primaryType)) await signs([`${head} EIP-712 hash ${hash}`], NONE);
    else {
      const lines = [head, ...fieldLines(message), `  EIP-712 hash  ${hash}`];
      await signs(lines, { needsChain: true, asks: true });
    }
    return await wallet.signTypedData(args);
  };
  const signMessage: WalletClient["signMessage"] = async (args) => {
    const { message } = Text.parse(args);
    const lines = message.split("\n").map((line) => `  ${line}`.trimEnd());
    const hash = hashMessage(message);
    const care = { needsChain: false, asks: true };
    await signs(["Signature of a text (EIP-191):", ...lines, `  hash  ${hash}`], care);
    return await wallet.signMessage(args);
  };
  const writeContract: WalletClient["writeContract"] = async (args) => {
    const { address, functionName, args: values, value } = Call.parse(args);
    const words = SENT_WORDS[functionName]?.(values) ?? `calls ${functionName}`;
    const stake = value === 0n ? "" : `, with a stake of ${value} wei`;
    await sends([`Transaction ${functionName} to ${address}: ${words}${stake}.`]);
    return await wallet.writeContract(args);
  };
  return { ...wallet, signTypedData, signMessage, writeContract };
}

function fieldLines(message: Readonly<Record<string, unknown>>): readonly string[] {
  const width = Math.max(0, ...Object.keys(message).map((name) => name.length));
  return Object.entries(message).map(
    ([name, value]) => `  ${name.padEnd(width)}  ${String(value)}`,
  );
}
