import { Router } from "express";
import { hashTypedData } from "viem";
import { z } from "zod";

import { providerAccessTypedData } from "../../protocol/providerAccess.ts";
import { providerKeyTypedData } from "../../protocol/providerKey.ts";
import { apiKeySpender, walletSpender } from "../../protocol/spender.ts";
import { invalidSignature } from "./allowances.ts";
import { authenticatedProvider } from "./authentication.ts";
import type { Context } from "./context.ts";
import { AddressField, Bytes32Field, SignatureField, parse } from "./fields.ts";
import { fail } from "./problem.ts";
import { respond } from "./respond.ts";

const ProviderKeyBody = z.strictObject({
  provider: AddressField,
  keyHash: Bytes32Field,
  signature: SignatureField,
});

/** The spender's key itself, or its wallet's signature: what only a provider that it turned to can have. */
const ProviderAccessBody = z.union(
  [
    z.strictObject({ apiKey: z.string().min(16).max(256) }),
    z.strictObject({ spender: AddressField, signature: SignatureField }),
  ],
  'must be {"apiKey"} or {"spender", "signature"}',
);

/**
 * `POST /v1/provider-keys`: a provider's wallet registers the hash of the key that its nodes will use. 201.
 * `POST /v1/provider-access`: a provider shows that a spender turned to it, once, and may bill it from then on. 201.
 */
export function providerRoutes(context: Context): Router {
  const router = Router();
  const { providers, chain } = context;

  router.post("/provider-keys", async (req, res) => {
    const { signature, ...message } = parse(ProviderKeyBody, req.body);
    const typedData = providerKeyTypedData(chain.deployment, message);
    if (!(await chain.isSignedBy(message.provider, hashTypedData(typedData), signature))) {
      throw invalidSignature(`the provider ${message.provider}`);
    }
    if (!(await providers.addKey(message))) {
      throw fail(409, "key_taken", "Another provider uses this key: make a new one.");
    }
    respond(res, 201, message);
  });

  router.post("/provider-access", async (req, res) => {
    const provider = await authenticatedProvider(req, context);
    const body = parse(ProviderAccessBody, req.body);
    if ("apiKey" in body) {
      const spender = apiKeySpender(body.apiKey);
      await providers.grantAccess({ spender, provider });
      respond(res, 201, { spender, provider });
      return;
    }

    const typedData = providerAccessTypedData(chain.deployment, {
      spender: body.spender,
      provider,
    });
    if (!(await chain.isSignedBy(body.spender, hashTypedData(typedData), body.signature))) {
      throw invalidSignature(`the spender ${body.spender}`);
    }
    const spender = walletSpender(body.spender);
    await providers.grantAccess({ spender, provider, signature: body.signature });
    respond(res, 201, { spender, provider });
  });

  return router;
}
