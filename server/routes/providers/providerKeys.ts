import { Router } from "express";
import { hashTypedData } from "viem";
import { z } from "zod";

import { AddressField, Bytes32Field, SignatureField } from "@compute-credits/protocol/json/fields";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { providerKeyRevocationTypedData } from "@compute-credits/protocol/messages/providerKeyRevocation";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { notApproved } from "../../http/authentication.ts";
import { checkSignature } from "../../http/checkSignature.ts";
import { parse } from "../../http/parse.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { ApprovalStore } from "../../stores/providers/approvalStore.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";

const KeyBody = z.strictObject({
  provider: AddressField,
  keyHash: Bytes32Field,
  signature: SignatureField,
});

const KeyRevocationBody = KeyBody.omit({ keyHash: true });

export interface ProviderKeyDeps {
  readonly providers: Pick<ProviderStore, "addKey" | "revokeKey">;
  readonly approvals: Pick<ApprovalStore, "isApproved">;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
}

/**
 * `POST /v1/provider-keys`: 201; an approved provider's wallet registers the hash of a key for its nodes.
 * `POST /v1/provider-keys/:keyHash/revocation`: 200; the wallet revokes the key, for good.
 */
export function providerKeyRoutes({ providers, approvals, chain }: ProviderKeyDeps): Router {
  const router = Router();

  router.post("/provider-keys", async (req, res) => {
    const { signature, ...message } = parse(KeyBody, req.body);
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
        respond(res, 201, message);
        return;
      case "taken":
        throw fail(409, "key_taken", "Another provider has registered this key. Make a new one.");
      case "revoked":
        throw fail(409, "key_revoked", "This key was revoked, for good. Make a new one.");
      default:
        added satisfies never;
    }
  });

  router.post("/provider-keys/:keyHash/revocation", async (req, res) => {
    const keyHash = parse(Bytes32Field, req.params.keyHash);
    const { provider, signature } = parse(KeyRevocationBody, req.body);
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
    respond(res, 200, { ...message, revokedAt });
  });

  return router;
}
