import { releaseHold } from "@compute-credits/api/holds/holds";
import type { Api, CallOptions } from "../http/api.ts";
import type { Hold } from "./hold.ts";

/** Returns all that a hold still keeps, and ends it. Needs a provider's key. */
export async function release(
  api: Api,
  { id }: { readonly id: string },
  options?: CallOptions,
): Promise<Hold> {
  return await api.call(releaseHold, { params: { id }, body: {} }, options);
}
