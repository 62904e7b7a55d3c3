import type { Address, Hex } from "viem";

import type { CheckpointMessage } from "../../protocol/checkpoint.ts";
import type { Deployment } from "../../protocol/domain.ts";

/** One of the meter's signers: a key in memory, or a service that keeps it. */
export interface CheckpointSigner {
  readonly address: Address;
  sign(deployment: Deployment, message: CheckpointMessage): Promise<Hex>;
}
