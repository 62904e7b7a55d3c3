import type { Hex } from "viem";

import type { AnswerBody } from "@compute-credits/api/route";
import { revokeSession as route } from "@compute-credits/api/sessions/sessions";
import type { Api, CallOptions } from "../http/api.ts";

/** Ends one session of the wallet, on every server from the answer on. Needs a session. */
export async function revokeSession(
  api: Api,
  { id }: { readonly id: Hex | "current" },
  options?: CallOptions,
): Promise<AnswerBody<typeof route>> {
  return await api.call(route, { params: { id } }, options);
}
