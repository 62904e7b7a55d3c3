import type { Address, Hex } from "viem";

import type { AcceptanceProof } from "@compute-credits/rules/acceptances/acceptance";
import type { ModelState } from "./modelState.ts";
import type { ModelAllowance } from "./state.ts";

export interface ModelPair {
  readonly spender: Hex;
  readonly account: Address;
}

export type ModelChange = ModelPair & { accepted: boolean; proof: AcceptanceProof };

export type AcceptanceAnswer =
  "changed" | "unchanged" | "acceptance_not_found" | "acceptance_outdated";

export function pairKey({ spender, account }: ModelPair): string {
  return `${spender}|${account}`;
}

export function isAccepted(modelState: ModelState, pair: ModelPair): boolean {
  return modelState.acceptances.get(pairKey(pair))?.accepted === true;
}

/** Returns whether an allowance can still pay at some time. */
export function isAlive(
  modelState: ModelState,
  { message, revokedAt }: ModelAllowance,
  at: Date,
): boolean {
  const isOver =
    message.expiresAt > 0n && BigInt(Math.floor(at.getTime() / 1000)) >= message.expiresAt;
  const { counter } = modelState.account(message.account);
  return revokedAt === null && !isOver && counter === message.counter;
}

/**
 * Applies a spender's word about an account, and returns what the ledger answers. The generator
 * makes no more changes than a pair may have.
 */
export function accept(
  modelState: ModelState,
  change: ModelChange,
  at: Date,
): AcceptanceAnswer | "offer_not_found" {
  const isKnown = modelState.acceptances.has(pairKey(change));
  if (!isKnown && allowancesOf(modelState, change).length === 0) return "offer_not_found";
  return hear(modelState, change, at);
}

/** Applies a spender's word about an account, whether or not the account offered anything. */
export function hear(
  modelState: ModelState,
  { accepted, proof, ...pair }: ModelChange,
  at: Date,
): AcceptanceAnswer {
  const before = modelState.acceptances.get(pairKey(pair));
  if (before === undefined && !accepted) return "acceptance_not_found";
  if ((proof.how === "own" || proof.how === "issuer") && before !== undefined) return "unchanged";
  let signedAt = before?.signedAt ?? 0n;
  if (proof.how === "wallet") {
    if (proof.signedAt === signedAt && before?.accepted === accepted) return "unchanged";
    if (proof.signedAt <= signedAt) return "acceptance_outdated";
    signedAt = proof.signedAt;
  } else if (before?.accepted === accepted) return "unchanged";

  modelState.set(modelState.acceptances, pairKey(pair), { accepted, signedAt });
  if (before?.accepted === accepted) return "changed";
  for (const allowance of allowancesOf(modelState, pair)) {
    const counts = accepted && isAlive(modelState, allowance, at);
    if (counts === allowance.accepted) continue;
    // What is dead when its account is accepted stays out.
    modelState.set(modelState.allowances, allowance.id, { ...allowance, accepted: counts });
  }
  return "changed";
}

function allowancesOf(modelState: ModelState, pair: ModelPair): ModelAllowance[] {
  return [...modelState.allowances.values()].filter(
    ({ message }) => message.spender === pair.spender && message.account === pair.account,
  );
}
