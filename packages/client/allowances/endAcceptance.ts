import { endAcceptance as route } from "@compute-credits/api/allowances/acceptances";
import type { Api, CallOptions } from "../http/api.ts";
import { type Acceptance, type SpendersWord, speaking } from "./accept.ts";

/**
 * Ends what `accept` began. From the answer on the account pays for nothing new; open holds can
 * still be captured. A wallet signs with `accepted: false`.
 */
export async function endAcceptance(
  api: Api,
  word: SpendersWord,
  options?: CallOptions,
): Promise<Acceptance> {
  return await api.call(route, { body: word }, speaking(word, options));
}
