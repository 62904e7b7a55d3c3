import type { Address } from "viem";

import {
  type SpenderId,
  apiKeySpender,
  walletSpender,
} from "@compute-credits/protocol/messages/spender";

/** Who asks for the work, and so pays for it. */
export type Caller =
  | { readonly kind: "key"; readonly apiKey: string }
  | {
      readonly kind: "wallet";
      readonly address: Address;
      /** names this one request: a signature that is shown again is the same request */
      readonly requestId: string;
    };

export function spenderOf(caller: Caller): SpenderId {
  return caller.kind === "key" ? apiKeySpender(caller.apiKey) : walletSpender(caller.address);
}
