import type { Request } from "express";

import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { AllowanceStore } from "../stores/allowances/allowanceStore.ts";
import type { ProviderStore } from "../stores/providers/providerStore.ts";

export interface KnownKeyDeps {
  readonly providers: Pick<ProviderStore, "cachedCaller" | "callerOfKey">;
  readonly allowances: Pick<AllowanceStore, "find">;
}

/** Such as `/allowances/0x…/grants`: what a campaign's key may send. */
const CAMPAIGN_PATH = /^\/allowances\/(0x[0-9a-f]{64})\/(?:grants|codes)$/;

/**
 * Whether a request carries the key of a provider, or of the campaign that its path names. Only
 * decides how much the server reads: the route checks what the key may do.
 */
export async function carriesKnownKey(
  req: Request,
  { providers, allowances }: KnownKeyDeps,
): Promise<boolean> {
  const [, key] = /^Bearer (\S{1,256})$/.exec(req.get("authorization") ?? "") ?? [];
  if (key === undefined) return false;
  const hash = apiKeySpender(key);
  const provider = providers.cachedCaller(hash) ?? (await providers.callerOfKey(hash));
  if (provider !== null) return true;
  const [, campaign] = CAMPAIGN_PATH.exec(req.path) ?? [];
  if (campaign === undefined) return false;
  // The pattern admits nothing else.
  const allowance = await allowances.find(`0x${campaign.slice(2)}`);
  return allowance?.message.spender === hash;
}
