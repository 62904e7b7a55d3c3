import type { Hex } from "viem";

import { remoteSigner } from "./remoteSigner.ts";
import { localSigner } from "./localSigner.ts";
import type { CheckpointSigner, ReceiptSigner, TransactionSigner } from "./signer.ts";

/** A key of this server, or of a service. */
export function signerAt(place: KeyPlace): CheckpointSigner & ReceiptSigner & TransactionSigner {
  return "privateKey" in place
    ? localSigner(place.privateKey)
    : remoteSigner(place.url, place.address);
}

/** A key in this process, or at a service that signs with it. */
export type KeyPlace =
  { readonly privateKey: Hex } | { readonly url: string; readonly address: Hex };
