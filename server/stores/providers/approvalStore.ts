import type { Address, Hex } from "viem";

import type { ProviderApprovalMessage } from "@compute-credits/protocol/messages/providerApproval";

/** Whether providers need an operator's signature, or are approved by themselves (local chain). */
export type ApprovalPolicy = "signed" | "automatic";

export interface SignedApproval extends ProviderApprovalMessage {
  readonly operator: Address;
  readonly signature: Hex;
}

export interface ProviderApproval extends ProviderApprovalMessage {
  /** `null` for a provider that had a key before there were approvals */
  readonly operator: Address | null;
}

export interface ApprovalStore {
  /**
   * Stores an operator's decision, whose signature the caller has checked. Returns what is in
   * force: an older decision changes nothing.
   */
  decide(approval: SignedApproval): Promise<ProviderApproval>;
  /** Reads the last decision; `null` if there is none. */
  find(provider: Address): Promise<ProviderApproval | null>;
  /** Whether the provider may charge now, by decision or by policy. */
  isApproved(provider: Address): Promise<boolean>;
}
