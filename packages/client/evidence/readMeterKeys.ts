import type { Address } from "viem";

import { listMeterKeys } from "@compute-credits/api/evidence/meterKeys";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** A key with which a provider's meter signs evidence. */
export type MeterKey = AnswerBody<typeof listMeterKeys>["meterKeys"][number];

/** Reads a provider's meter keys, newest first, revoked ones included. For anyone. */
export async function readMeterKeys(
  api: Api,
  { provider }: { readonly provider: Address },
  options?: CallOptions,
): Promise<readonly MeterKey[]> {
  return (await api.call(listMeterKeys, { params: { provider } }, options)).meterKeys;
}
