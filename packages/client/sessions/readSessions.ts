import type { AnswerBody } from "@compute-credits/api/route";
import { listSessions } from "@compute-credits/api/sessions/sessions";
import type { Api, CallOptions } from "../http/api.ts";

/** A session of a wallet, without its token. */
export type Session = AnswerBody<typeof listSessions>["sessions"][number];

/** Reads the wallet's sessions, the most recently used first, at most 50. Needs a session. */
export async function readSessions(api: Api, options?: CallOptions): Promise<readonly Session[]> {
  return (await api.call(listSessions, {}, options)).sessions;
}
