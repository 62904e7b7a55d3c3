import { getLiveness } from "@compute-credits/api/deployment/health";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** Resolves while the server's process answers, ready or not. For anyone. */
export async function readLiveness(
  api: Api,
  options?: CallOptions,
): Promise<AnswerBody<typeof getLiveness>> {
  return await api.call(getLiveness, {}, options);
}
