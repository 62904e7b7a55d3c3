import type { Address } from "viem";

import { revokeMeterKey as route } from "@compute-credits/api/evidence/meterKeys";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import { signMeterKeyRevocation } from "../wallet/meterKey.ts";
import type { Signing } from "../wallet/signing.ts";

/** Signs the end of a meter's key, and sends it: for good. Evidence from before stays. */
export async function revokeMeterKey(
  api: Api,
  { wallet, deployment }: Signing,
  { meterKey }: { readonly meterKey: Address },
  options?: CallOptions,
): Promise<AnswerBody<typeof route>> {
  const body = await signMeterKeyRevocation(wallet, deployment, meterKey);
  return await api.call(route, { params: { meterKey }, body }, options);
}
