import type { Hex } from "viem";

import { replaceKey } from "@compute-credits/api/keys/keys";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/**
 * Lets one of the wallet's keys end after an overlap with its successor, which is registered
 * already and of the same kind. Needs a session. An earlier end stays.
 */
export async function rotateKey(
  api: Api,
  {
    keyHash,
    ...body
  }: {
    readonly keyHash: Hex;
    /** the hash of the successor */
    readonly by: Hex;
    /** a day, if absent; at most 30 days */
    readonly overlapSeconds?: number;
  },
  options?: CallOptions,
): Promise<AnswerBody<typeof replaceKey>> {
  return await api.call(replaceKey, { params: { keyHash }, body }, options);
}
