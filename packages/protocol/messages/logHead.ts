import type { Hex } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** A signer's word for the log up to a segment. Two heads of one segment are two histories. */
export interface LogHeadMessage {
  readonly segment: bigint;
  readonly head: Hex;
}

export function logHeadTypedData(deployment: Deployment, message: LogHeadMessage) {
  return {
    domain: signingDomain(deployment),
    types: {
      LogHead: [
        { name: "segment", type: "uint64" },
        { name: "head", type: "bytes32" },
      ],
    },
    primaryType: "LogHead",
    message,
  } as const;
}
