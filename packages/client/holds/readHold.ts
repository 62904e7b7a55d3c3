import type { Address } from "viem";

import { getHold } from "@compute-credits/api/holds/holds";
import type { Api, CallOptions } from "../http/api.ts";
import type { Hold } from "./hold.ts";

/** Reads one hold. For its provider, operators and auditors, who name the `provider`. */
export async function readHold(
  api: Api,
  { id, provider }: { readonly id: string; readonly provider?: Address },
  options?: CallOptions,
): Promise<Hold> {
  return await api.call(getHold, { params: { id }, query: { provider } }, options);
}
