import type { Hex } from "viem";

import { revokeIssuingKey as route } from "@compute-credits/api/issuing/issuingKeys";
import type { AnswerBody } from "@compute-credits/api/route";
import { CreditsError } from "../errors/creditsError.ts";
import type { Api, CallOptions } from "../http/api.ts";
import { signIssuingKeyRevocation } from "../wallet/issuing.ts";
import type { Signing } from "../wallet/signing.ts";

/** A key that issues no more, and how many of its grants ended with it. */
export type RevokedIssuingKey = Omit<AnswerBody<typeof route>, "hasMore">;

/** Requests at most: each ends thousands of grants. */
const MOST_PARTS = 1_000;

/**
 * Signs the end of an issuing key, for good, and with `revokesGrants` of all that it issued: in
 * parts, until nothing is left. The key issues nothing from the first part on; after a failure call
 * it again for the rest.
 */
export async function revokeIssuingKey(
  api: Api,
  { wallet, deployment }: Signing,
  { keyHash, revokesGrants = false }: { readonly keyHash: Hex; readonly revokesGrants?: boolean },
  options?: CallOptions,
): Promise<RevokedIssuingKey> {
  const body = await signIssuingKeyRevocation(wallet, deployment, { keyHash, revokesGrants });
  let revokedGrants = 0;
  for (let part = 0; part < MOST_PARTS; part++) {
    // oxlint-disable-next-line no-await-in-loop -- each part after the one before
    const answer = await api.call(route, { params: { keyHash }, body }, options);
    const { hasMore, ...revoked } = answer;
    revokedGrants += revoked.revokedGrants;
    if (!hasMore) return { ...revoked, revokedGrants };
  }
  throw new CreditsError(`the key still has grants after ${MOST_PARTS} parts`, {
    reason: "unexpected_answer",
  });
}
