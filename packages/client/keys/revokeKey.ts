import type { Hex } from "viem";

import { endKey } from "@compute-credits/api/keys/keys";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/**
 * Ends one of the wallet's keys for good, on every server from the answer on. Needs a session. What
 * an issuing key issued stays.
 */
export async function revokeKey(
  api: Api,
  { keyHash }: { readonly keyHash: Hex },
  options?: CallOptions,
): Promise<AnswerBody<typeof endKey>> {
  return await api.call(endKey, { params: { keyHash } }, options);
}
