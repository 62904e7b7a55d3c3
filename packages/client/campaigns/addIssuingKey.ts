import type { Hex } from "viem";

import { registerIssuingKey } from "@compute-credits/api/issuing/issuingKeys";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import { createIssuingKey } from "../wallet/apiKey.ts";
import { signIssuingKey } from "../wallet/issuing.ts";
import type { Signing } from "../wallet/signing.ts";

/** A registered issuing key, with the only copy of its text: the server has its hash. */
export type AddedIssuingKey = AnswerBody<typeof registerIssuingKey> & { readonly key: string };

/**
 * Signs the hash of a key that issues grants and codes, and registers it. The wallet is the
 * account's owner. The key spends nothing.
 */
export async function addIssuingKey(
  api: Api,
  { wallet, deployment }: Signing,
  {
    key = createIssuingKey(),
    ...terms
  }: {
    /** the account's counter on chain, as `readCounter` reads it */
    readonly counter: bigint;
    /** the only campaign that the key may issue from; all of the account, if absent */
    readonly campaign?: Hex;
    /** a new one, if absent; name it to repeat a request */
    readonly key?: string;
  },
  options?: CallOptions,
): Promise<AddedIssuingKey> {
  const body = await signIssuingKey(wallet, deployment, { ...terms, key });
  return { ...(await api.call(registerIssuingKey, { body }, options)), key };
}
