import type { Hex } from "viem";

import { createRemoteSigner } from "./remoteSigner.ts";
import { createLocalSigner } from "./localSigner.ts";
import type { KeySigner } from "./signer.ts";

/** Creates a signer for a key in this process or in a signing service. */
export function createSigner(location: KeyLocation): KeySigner {
  return "privateKey" in location
    ? createLocalSigner(location.privateKey)
    : createRemoteSigner(location.url, location.address);
}

/** A private key in this process, or the URL of a signing service with the key's address. */
export type KeyLocation =
  { readonly privateKey: Hex } | { readonly url: string; readonly address: Hex };
