import type { Request } from "express";

import { mayBe } from "@compute-credits/protocol/messages/keyKind";
import type { LastUses } from "../stores/keys/lastUses.ts";
import type { ProviderStore } from "../stores/providers/providerStore.ts";
import { sentKey } from "./authentication.ts";
import { requestKeyHash } from "./keyHash.ts";

export interface KnownKeyDeps {
  readonly providers: Pick<ProviderStore, "cachedCaller" | "callerOfKey">;
  readonly keyUses: Pick<LastUses, "note">;
}

/**
 * Whether a request carries the key of an approved provider. Most are remembered: no query. Notes
 * the key's use, because all requests pass here.
 */
export async function carriesProvidersKey(
  req: Request,
  { providers, keyUses }: KnownKeyDeps,
): Promise<boolean> {
  const key = sentKey(req);
  if (key === null || !mayBe(key, "provider")) return false;
  const hash = requestKeyHash(req, key);
  const caller = providers.cachedCaller(hash) ?? (await providers.callerOfKey(hash));
  if (caller !== null) keyUses.note(hash);
  return caller?.isApproved === true;
}
