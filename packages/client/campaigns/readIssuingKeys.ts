import type { Address } from "viem";

import { listIssuingKeys } from "@compute-credits/api/issuing/issuingKeys";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** An issuing key by its hash; never its text. */
export type IssuingKey = AnswerBody<typeof listIssuingKeys>["issuingKeys"][number];

/** Reads an account's issuing keys, oldest first. For its owner, view keys, operators, auditors. */
export async function readIssuingKeys(
  api: Api,
  { account }: { readonly account: Address },
  options?: CallOptions,
): Promise<readonly IssuingKey[]> {
  const { issuingKeys } = await api.call(
    listIssuingKeys,
    { params: { address: account } },
    options,
  );
  return issuingKeys;
}
