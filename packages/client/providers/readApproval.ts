import type { Address } from "viem";

import { getProviderApproval } from "@compute-credits/api/providers/approvals";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** Whether a provider may charge, and an operator's last decision on it. */
export type Approval = AnswerBody<typeof getProviderApproval>;

/** Reads whether a provider may charge on this server. For anyone. */
export async function readApproval(
  api: Api,
  { provider }: { readonly provider: Address },
  options?: CallOptions,
): Promise<Approval> {
  return await api.call(getProviderApproval, { params: { address: provider } }, options);
}
