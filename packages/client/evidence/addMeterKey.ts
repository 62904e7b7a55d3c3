import type { Address } from "viem";

import { registerMeterKey } from "@compute-credits/api/evidence/meterKeys";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import { signMeterKey } from "../wallet/meterKey.ts";
import type { Signing } from "../wallet/signing.ts";

/** A registered meter key. */
export type AddedMeterKey = AnswerBody<typeof registerMeterKey>;

/** Signs that a key signs evidence for the wallet's provider, and registers it by its address. */
export async function addMeterKey(
  api: Api,
  { wallet, deployment }: Signing,
  { meterKey }: { readonly meterKey: Address },
  options?: CallOptions,
): Promise<AddedMeterKey> {
  const body = await signMeterKey(wallet, deployment, meterKey);
  return await api.call(registerMeterKey, { body }, options);
}
