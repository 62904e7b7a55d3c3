import type { Hex } from "viem";

import { labelKey as route } from "@compute-credits/api/keys/keys";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** Names one of the wallet's keys for lists, with at most 64 characters. Needs a session. */
export async function labelKey(
  api: Api,
  { keyHash, label }: { readonly keyHash: Hex; readonly label: string },
  options?: CallOptions,
): Promise<AnswerBody<typeof route>> {
  return await api.call(route, { params: { keyHash }, body: { label } }, options);
}
