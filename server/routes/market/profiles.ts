import { Router } from "express";
import { hashTypedData } from "viem";

import { getProfile, publishProfile } from "@compute-credits/api/market/profiles";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { providerProfileTypedData } from "@compute-credits/protocol/messages/providerProfile";
import { notApproved } from "../../http/authentication.ts";
import { checkSignature } from "../../http/checkSignature.ts";
import { mount } from "../../http/mount.ts";
import { fail } from "../../http/problem.ts";
import type { ProfileStore, PublishedProfile } from "../../stores/market/profileStore.ts";
import type { ApprovalStore } from "../../stores/providers/approvalStore.ts";

/** A profile may be dated ahead by so much, so that a clock that is wrong blocks nothing. */
const MAX_AHEAD_SECONDS = 300n;

export interface ProfileDeps {
  readonly profiles: ProfileStore;
  readonly approvals: Pick<ApprovalStore, "isApproved">;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
}

export function profileRoutes({ profiles, approvals, chain }: ProfileDeps): Router {
  const router = Router();

  mount(router, publishProfile, async ({ read, answer }) => {
    const { signature, terms, ...rest } = read().body;
    const message = { ...rest, terms: terms ?? "" };
    if (!(await approvals.isApproved(message.provider))) throw notApproved(message.provider);
    await checkSignature(chain, {
      signer: message.provider,
      role: "the provider",
      digest: hashTypedData(providerProfileTypedData(chain.deployment, message)),
      signature,
    });
    if (message.issuedAt > BigInt(Math.floor(Date.now() / 1000)) + MAX_AHEAD_SECONDS) {
      throw fail(422, "times_out_of_range", "issuedAt is ahead of this server's time. Sign again.");
    }
    const result = await profiles.publish({ ...message, signature });
    switch (result.published) {
      case "in_force":
        return answer(200, describe(result.profile));
      case "stale": {
        const { issuedAt } = result.inForce;
        throw fail(
          409,
          "stale_profile",
          `Another profile, of ${issuedAt}, is in force. Sign one with a later issuedAt.`,
          { issuedAt },
        );
      }
      case "market_full":
        throw fail(
          409,
          "market_full",
          `The market shows ${result.limit} providers, which is the maximum. ` +
            "Publish with listed: false, or ask an operator.",
          { limit: result.limit },
        );
      default:
        return result satisfies never;
    }
  });

  mount(router, getProfile, async ({ read, answer }) => {
    const { provider } = read().params;
    const profile = await profiles.find(provider);
    if (profile === null) {
      throw fail(
        404,
        "profile_not_found",
        `${provider} has published no profile. Check the address.`,
      );
    }
    return answer(200, describe(profile));
  });

  return router;
}

function describe({ terms, ...profile }: PublishedProfile) {
  return { ...profile, terms: terms === "" ? null : terms };
}
