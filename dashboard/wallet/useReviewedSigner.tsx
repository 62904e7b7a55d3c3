import { type ReactNode, useState } from "react";
import type { TypedDataDefinition, WalletClient } from "viem";

import { CLIENT_REASONS } from "@compute-credits/client/errors/clientReasons";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { Review } from "./Review.tsx";
import { useSigner } from "./useSigner.ts";

interface Asked {
  readonly typedData: TypedDataDefinition;
  /** what it means, in plain words */
  readonly words: readonly string[];
  readonly agree: () => void;
  readonly decline: () => void;
}

/**
 * Shows what the wallet is about to sign, in plain words and with its hashes, before the wallet asks.
 * Render `dialog`. A signature that its user declines rejects with `wallet_declined`.
 */
export function useReviewedSigner(): {
  readonly signer: (words: readonly string[]) => Promise<WalletClient>;
  readonly dialog: ReactNode;
} {
  const [asked, setAsked] = useState<Asked | null>(null);
  const signer = useSigner();

  async function review(typedData: unknown, words: readonly string[]): Promise<void> {
    if (!isTypedData(typedData)) throw new TypeError("that is no typed data");
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const reason = "wallet_declined";
    const declined = new CreditsError(CLIENT_REASONS[reason].meaning, { reason });
    setAsked({
      typedData,
      words,
      agree: () => resolve(undefined),
      decline: () => reject(declined),
    });
    await promise.finally(() => setAsked(null));
  }

  return {
    signer: async (words) => {
      const wallet = await signer();
      const signTypedData: WalletClient["signTypedData"] = async (typedData) => {
        await review(typedData, words);
        return await wallet.signTypedData(typedData);
      };
      return { ...wallet, signTypedData };
    },
    dialog: asked === null ? null : <Review {...asked} />,
  };
}

function isTypedData(value: unknown): value is TypedDataDefinition {
  return typeof value === "object" && value !== null && "types" in value && "message" in value;
}
