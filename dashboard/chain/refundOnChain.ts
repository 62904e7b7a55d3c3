import type { Address } from "viem";

import type { ContractConnection } from "@compute-credits/client/chain/readCheckpoints";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { max, min } from "@compute-credits/protocol/amounts";

/** What the vault says of an account's refund, at one block. Seconds are by the chain's clock. */
export interface RefundOnChain {
  readonly now: bigint;
  /** zeros if no request is open */
  readonly requestedMicros: bigint;
  /** the last second in which the operator can serve the request */
  readonly deadline: bigint;
  /** what is still to be paid of it, by what is settled */
  readonly dueMicros: bigint;
  readonly refundedMicros: bigint;
  readonly unspentMicros: bigint;
  /** when the pending checkpoint is final; `null` without one, or while it is challenged */
  readonly pendingFinalAt: bigint | null;
  readonly hasPending: boolean;
  /** of the last final checkpoint; 0 before the first */
  readonly finalEpoch: bigint;
  /** 0 while the vault is not frozen */
  readonly frozenAt: bigint;
  readonly exitGraceSeconds: bigint;
}

/** An open challenge sets a checkpoint's end to the largest uint40. */
const CHALLENGED = 2n ** 40n - 1n;

export async function readRefund(
  { client, contract }: ContractConnection,
  account: Address,
): Promise<RefundOnChain> {
  const { number: blockNumber, timestamp } = await client.getBlock();
  const vault = { address: contract, abi: computeCreditsAbi, blockNumber } as const;
  const [request, party, pending, final, frozenAt, exitGrace] = await Promise.all([
    client.readContract({ ...vault, functionName: "refundRequestOf", args: [account] }),
    client.readContract({ ...vault, functionName: "party", args: [account] }),
    client.readContract({ ...vault, functionName: "pendingCheckpoint" }),
    client.readContract({ ...vault, functionName: "finalCheckpoint" }),
    client.readContract({ ...vault, functionName: "frozenAt" }),
    client.readContract({ ...vault, functionName: "exitGraceSeconds" }),
  ]);
  const [purchased, spent, refunded] = party;
  // As `CreditsLens.accountOf` reckons it.
  const unspent = max(request.unspentMicros - spent, 0n);
  const due = min(request.requestedMicros, unspent) - (refunded - request.refundedMicros);
  const hasPending = pending.epoch > 0n;
  return {
    now: timestamp,
    requestedMicros: request.requestedMicros,
    deadline: BigInt(request.deadline),
    dueMicros: max(due, 0n),
    refundedMicros: refunded,
    unspentMicros: purchased - spent - refunded,
    hasPending,
    pendingFinalAt: hasPending && pending.finalAt < CHALLENGED ? pending.finalAt : null,
    finalEpoch: final.epoch,
    frozenAt: BigInt(frozenAt),
    exitGraceSeconds: BigInt(exitGrace),
  };
}
