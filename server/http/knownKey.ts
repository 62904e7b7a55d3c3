import type { Request } from "express";

import { keyKindOf, mayBe } from "@compute-credits/protocol/messages/keyKind";
import type { IssuingKeyStore } from "../stores/issuing/issuingKeyStore.ts";
import type { ProviderStore } from "../stores/providers/providerStore.ts";
import { sentKey } from "./authentication.ts";
import { cachedKeyHash } from "./keyHash.ts";

export interface KnownKeyDeps {
  readonly providers: Pick<ProviderStore, "cachedCaller" | "callerOfKey">;
  readonly issuingKeys: Pick<IssuingKeyStore, "find">;
}

/** Such as `/allowances/0x…/grants`: what an issuing key may send. */
const CAMPAIGN_PATH = /^\/allowances\/0x[0-9a-f]{64}\/(?:grants|codes)$/;

/** Whether a request carries the key of an approved provider. Most are remembered: no query. */
export async function carriesProvidersKey(
  req: Request,
  providers: KnownKeyDeps["providers"],
): Promise<boolean> {
  const key = sentKey(req);
  if (key === null || !mayBe(key, "provider")) return false;
  const hash = cachedKeyHash(key);
  const caller = providers.cachedCaller(hash) ?? (await providers.callerOfKey(hash));
  return caller?.isApproved === true;
}

/**
 * Whether a request carries the key of a provider, or an issuing key on a campaign's path. Only
 * decides how much the server reads: the route checks what the key may do.
 */
export async function carriesKnownKey(
  req: Request,
  { providers, issuingKeys }: KnownKeyDeps,
): Promise<boolean> {
  const key = sentKey(req);
  if (key === null) return false;
  if (keyKindOf(key) !== "issuing") return await carriesProvidersKey(req, providers);
  if (!CAMPAIGN_PATH.test(req.path)) return false;
  const found = await issuingKeys.find(cachedKeyHash(key));
  return found !== null && found.revokedAt === null;
}
