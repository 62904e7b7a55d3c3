import type { Address } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** An auditor asks for the usage log: other people's usage, so not everybody's to read. */
export interface LogAccessMessage {
  readonly reader: Address;
  /** seconds since 1970: good for a few minutes from then */
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
