import type { Hex } from "viem";

import { createRemoteSigner } from "./remoteSigner.ts";
import { createLocalSigner } from "./localSigner.ts";
import type { CheckpointSigner, ReceiptSigner, TransactionSigner } from "./signer.ts";

/** A key of this server, or of a service. */
export function createSigner(
  place: KeyLocation,
): CheckpointSigner & ReceiptSigner & TransactionSigner {
  return "privateKey" in place
    ? createLocalSigner(place.privateKey)
    : createRemoteSigner(place.url, place.address);
}

/** A key in this process, or at a service that signs with it. */
export type KeyLocation =
  { readonly privateKey: Hex } | { readonly url: string; readonly address: Hex };
