import { publishProfile as route } from "@compute-credits/api/market/profiles";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import { type ProfileOptions, signProviderProfile } from "../wallet/providerProfile.ts";
import type { Signing } from "../wallet/signing.ts";

/** A provider's profile, with its signature. */
export type Profile = AnswerBody<typeof route>;

/**
 * Signs what the wallet's provider says of itself, and publishes it for the market. Rejects with
 * `stale_profile` if another profile that was signed as late or later is in force.
 */
export async function publishProfile(
  api: Api,
  { wallet, deployment }: Signing,
  profile: ProfileOptions,
  options?: CallOptions,
): Promise<Profile> {
  const body = await signProviderProfile(wallet, deployment, profile);
  return await api.call(route, { body }, options);
}
