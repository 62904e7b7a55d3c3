import type { Address } from "viem";

import { getCapProof } from "@compute-credits/api/accounts/capProof";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** The signed allowance with the highest `accountCap` of one counter. */
export type CapProof = AnswerBody<typeof getCapProof>;

/**
 * Reads the allowance that proves an account's signed cap. For its owner, its view keys, operators
 * and auditors, and for anyone while a challenge on the account is open. Rejects with
 * `allowance_not_found` if the server has none of that counter: check the signature of what it
 * answers.
 */
export async function readCapProof(
  api: Api,
  {
    account,
    counter,
  }: {
    readonly account: Address;
    /** the account's current one, if absent */
    readonly counter?: bigint;
  },
  options?: CallOptions,
): Promise<CapProof> {
  return await api.call(
    getCapProof,
    { params: { address: account }, query: { counter: counter?.toString() } },
    options,
  );
}
