import type { Address } from "viem";

import { decideProviderApproval } from "@compute-credits/api/providers/approvals";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import { signProviderApproval } from "../wallet/providerApproval.ts";
import type { Signing } from "../wallet/signing.ts";

/** The decision in force, which is the one signed last. */
export type ProviderDecision = AnswerBody<typeof decideProviderApproval>;

/**
 * Signs that a provider may charge on this server, or with `approved: false` that it may not any
 * more, and sends it. The wallet is an operator's.
 */
export async function approveProvider(
  api: Api,
  { wallet, deployment }: Signing,
  {
    provider,
    approved = true,
    issuedAt = BigInt(Math.floor(Date.now() / 1000)),
  }: {
    readonly provider: Address;
    readonly approved?: boolean;
    /** seconds since 1970; now, if absent */
    readonly issuedAt?: bigint;
  },
  options?: CallOptions,
): Promise<ProviderDecision> {
  const body = await signProviderApproval(wallet, deployment, { provider, approved, issuedAt });
  return await api.call(decideProviderApproval, { body }, options);
}
