import type { Address } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** An auditor signs this to read the usage log, which shows the usage of all accounts. */
export interface LogAccessMessage {
  readonly reader: Address;
  /** seconds since 1970; the request is valid for `LOG_ACCESS_SECONDS` from then */
  readonly issuedAt: bigint;
}

export const LOG_ACCESS_SECONDS = 300n;

export function logAccessTypedData(deployment: Deployment, message: LogAccessMessage) {
  return {
    domain: signingDomain(deployment),
    types: {
      LogAccess: [
        { name: "reader", type: "address" },
        { name: "issuedAt", type: "uint64" },
      ],
    },
    primaryType: "LogAccess",
    message,
  } as const;
}
