import type { Request } from "express";

import { mayBe } from "@compute-credits/protocol/messages/keyKind";
import type { ProviderStore } from "../stores/providers/providerStore.ts";
import { sentKey } from "./authentication.ts";
import { cachedKeyHash } from "./keyHash.ts";

/** Whether a request carries the key of an approved provider. Most are remembered: no query. */
export async function carriesProvidersKey(
  req: Request,
  providers: Pick<ProviderStore, "cachedCaller" | "callerOfKey">,
): Promise<boolean> {
  const key = sentKey(req);
  if (key === null || !mayBe(key, "provider")) return false;
  const hash = cachedKeyHash(key);
  const caller = providers.cachedCaller(hash) ?? (await providers.callerOfKey(hash));
  return caller?.isApproved === true;
}
