import { Router } from "express";
import { hashTypedData } from "viem";
import {
  registerProviderKey,
  revokeProviderKey,
} from "@compute-credits/api/providers/providerKeys";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { providerKeyRevocationTypedData } from "@compute-credits/protocol/messages/providerKeyRevocation";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { notApproved } from "../../http/authentication.ts";
import { checkSignature } from "../../http/checkSignature.ts";
import { mount } from "../../http/mount.ts";
import { fail } from "../../http/problem.ts";
import type { ApprovalStore } from "../../stores/providers/approvalStore.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";

export interface ProviderKeyDeps {
  readonly providers: Pick<ProviderStore, "addKey" | "revokeKey">;
  readonly approvals: Pick<ApprovalStore, "isApproved">;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
}

export function providerKeyRoutes({ providers, approvals, chain }: ProviderKeyDeps): Router {
  const router = Router();

  mount(router, registerProviderKey, async ({ read, answer }) => {
    const { signature, ...message } = read().body;
    if (!(await approvals.isApproved(message.provider))) throw notApproved(message.provider);
    await checkSignature(chain, {
      signer: message.provider,
      role: "the provider",
      digest: hashTypedData(providerKeyTypedData(chain.deployment, message)),
      signature,
    });
    const added = await providers.addKey({ ...message, signature });
    switch (added) {
      case "added":
        return answer(201, message);
      case "taken":
        throw fail(409, "key_taken", "Another provider has registered this key. Make a new one.");
      case "revoked":
        throw fail(409, "key_revoked", "This key was revoked, for good. Make a new one.");
      default:
        return added satisfies never;
    }
  });

  mount(router, revokeProviderKey, async ({ read, answer }) => {
    const {
      params: { keyHash },
      body: { provider, signature },
    } = read();
    const message = { provider, keyHash };
    await checkSignature(chain, {
      signer: provider,
      role: "the provider",
      digest: hashTypedData(providerKeyRevocationTypedData(chain.deployment, message)),
      signature,
    });
    const revokedAt = await providers.revokeKey({ ...message, signature });
    if (revokedAt === null) {
      throw fail(
        404,
        "key_not_found",
        "This provider never registered a key with this hash. Check the hash.",
      );
    }
    return answer(200, { ...message, revokedAt });
  });

  return router;
}
