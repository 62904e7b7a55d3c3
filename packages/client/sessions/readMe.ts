import type { AnswerBody } from "@compute-credits/api/route";
import { getMe } from "@compute-credits/api/sessions/me";
import type { Api, CallOptions } from "../http/api.ts";

/** Who the caller is, by its credentials, and what it may do. */
export type Me = AnswerBody<typeof getMe>;

/** Reads who the caller is. For credentials of every kind, and for none. */
export async function readMe(api: Api, options?: CallOptions): Promise<Me> {
  return await api.call(getMe, {}, options);
}
