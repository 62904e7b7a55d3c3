import type { Address } from "viem";

import { acceptAccount } from "@compute-credits/api/allowances/acceptances";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { SignedAcceptance } from "../wallet/signedAcceptance.ts";

/** Whether an account may pay for a spender, and what it has, in micro-credits. */
export type Acceptance = AnswerBody<typeof acceptAccount>;

/** A spender's word about an account: with its key as the credentials, or its wallet's signature. */
export type SpendersWord = { readonly account: Address } | SignedAcceptance;

/**
 * Lets an account pay for a spender: with the spender's API key as the credentials of `api`, or with
 * what `signAcceptance` signed. From the answer on the account's allowances count.
 */
export async function accept(
  api: Api,
  word: SpendersWord,
  options?: CallOptions,
): Promise<Acceptance> {
  return await api.call(acceptAccount, { body: word }, speaking(word, options));
}

/** A signature speaks for itself: no credentials go with it. */
export function speaking(word: object, options: CallOptions | undefined): CallOptions {
  return "signature" in word ? { ...options, credentials: "omit" } : { ...options };
}
