import type { AnswerBody } from "@compute-credits/api/route";
import { revokeSessions as route } from "@compute-credits/api/sessions/sessions";
import type { Api, CallOptions } from "../http/api.ts";

/** Ends all sessions of the wallet, this one included. Needs a session. */
export async function revokeSessions(
  api: Api,
  options?: CallOptions,
): Promise<AnswerBody<typeof route>> {
  return await api.call(route, {}, options);
}
