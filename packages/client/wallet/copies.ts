import type { Address, Hex } from "viem";

import type { AllowanceMessage, Scope } from "@compute-credits/protocol/messages/allowance";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { CLIENT_REASONS } from "../errors/clientReasons.ts";
import { CreditsError } from "../errors/creditsError.ts";

interface Signed {
  /** the EIP-712 digest that was signed */
  readonly id: Hex;
  /** the wallet that signed */
  readonly by: Address;
  readonly deployment: Deployment;
  readonly signature: Hex;
}

/** A message that a wallet signed, with all that it takes to show it to a server or to the court. */
export type SignedCopy =
  | (Signed & {
      readonly kind: "allowance";
      readonly allowance: AllowanceMessage;
      readonly scope: Scope;
    })
  | (Signed & {
      readonly kind: "revocation";
      /** the id of the allowance that it ends */
      readonly allowance: Hex;
    })
  | (Signed & {
      readonly kind: "acceptance";
      readonly spender: Address;
      readonly account: Address;
      readonly accepted: boolean;
      /** milliseconds since 1970 */
      readonly signedAt: bigint;
    });

/**
 * Where copies of what wallets signed are kept, so that no server can withhold them. A program that
 * ends before its account is empty needs one that outlasts it (README: Copies).
 */
export interface SignedCopies {
  /** Keeps a copy; the same id again changes nothing. Resolves once the copy is safe. */
  put(copy: SignedCopy): Promise<void>;
  get(id: Hex): Promise<SignedCopy | null>;
  /** All copies of what a wallet signed, oldest first. */
  list(by: Address): Promise<readonly SignedCopy[]>;
}

/** Copies in memory. More are refused rather than older ones dropped: one may prove the cap. */
const MOST_IN_MEMORY = 100_000;

/** Creates a store in memory, which ends with the program. */
export function createMemoryCopies(): SignedCopies {
  const copies = new Map<Hex, SignedCopy>();
  return {
    async put(copy) {
      if (copies.size >= MOST_IN_MEMORY && !copies.has(copy.id)) {
        throw new RangeError(`it keeps ${MOST_IN_MEMORY} copies, and no more`);
      }
      copies.set(copy.id, copies.get(copy.id) ?? copy);
    },
    get: async (id) => copies.get(id) ?? null,
    list: async (by) =>
      [...copies.values()].filter((copy) => lowercaseHex(copy.by) === lowercaseHex(by)),
  };
}

/** The copies of all that this program signs, unless a call names another store. */
export const memoryCopies: SignedCopies = /* @__PURE__ */ createMemoryCopies();

/** Keeps a copy before the message leaves. Rejects with `copy_not_kept`: nothing was sent. */
export async function keepCopy(copies: SignedCopies, copy: SignedCopy): Promise<void> {
  try {
    await copies.put(copy);
  } catch (cause) {
    const reason = "copy_not_kept";
    throw new CreditsError(`${CLIENT_REASONS[reason].meaning} ${String(cause)}`, { reason, cause });
  }
}
