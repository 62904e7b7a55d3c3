import { Router } from "express";
import { type Address, type Hex, hashTypedData } from "viem";
import { z } from "zod";

import { parse } from "../../http/parse.ts";
import {
  AddressField,
  Bytes32Field,
  SignatureField,
  ApiKeyField,
} from "@compute-credits/protocol/json/fields";
import { providerAccessTypedData } from "@compute-credits/protocol/messages/providerAccess";
import { providerAccessRevocationTypedData } from "@compute-credits/protocol/messages/providerAccessRevocation";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { providerKeyRevocationTypedData } from "@compute-credits/protocol/messages/providerKeyRevocation";
import {
  type SpenderId,
  apiKeySpender,
  walletSpender,
} from "@compute-credits/protocol/messages/spender";
import { invalidSignature } from "../allowances/allowances.ts";
import { authenticatedProvider } from "../../http/authentication.ts";
import type { Context } from "../../context.ts";
import { type ProblemError, fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";

const ProviderKeyBody = z.strictObject({
  provider: AddressField,
  keyHash: Bytes32Field,
  signature: SignatureField,
});

const ProviderKeyRevocationBody = ProviderKeyBody.omit({ keyHash: true });

/** The spender's key itself, or its wallet's signature: what only a provider that it turned to can have. */
const ProviderAccessBody = z.union(
  [
    z.strictObject({ apiKey: ApiKeyField }),
    z.strictObject({ spender: AddressField, signature: SignatureField }),
  ],
  'must be {"apiKey"} or {"spender", "signature"}',
);

const ProviderAccessRevocationBody = z.union(
  [
    z.strictObject({ provider: AddressField, apiKey: ApiKeyField }),
    z.strictObject({ provider: AddressField, spender: AddressField, signature: SignatureField }),
  ],
  'must be {"provider", "apiKey"} or {"provider", "spender", "signature"}',
);

/**
 * `POST /v1/provider-keys`: a provider's wallet registers the hash of the key that its nodes will use. 201.
 * `POST /v1/provider-keys/:keyHash/revocation`: it takes the key back, for good. 200.
 * `POST /v1/provider-access`: a provider shows that a spender turned to it, once, and may bill it from then on. 201.
 * `POST /v1/provider-access/revocation`: the spender takes that back, for good. 200.
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
    const added = await providers.addKey(message);
    if (added === "taken") {
      throw fail(409, "key_taken", "Another provider uses this key: make a new one.");
    }
    if (added === "revoked") {
      throw fail(409, "key_revoked", "This key was revoked, for good: make a new one.");
    }
    respond(res, 201, message);
  });

  router.post("/provider-keys/:keyHash/revocation", async (req, res) => {
    const keyHash = parse(Bytes32Field, req.params.keyHash);
    const { provider, signature } = parse(ProviderKeyRevocationBody, req.body);
    const message = { provider, keyHash };
    const typedData = providerKeyRevocationTypedData(chain.deployment, message);
    if (!(await chain.isSignedBy(provider, hashTypedData(typedData), signature))) {
      throw invalidSignature(`the provider ${provider}`);
    }
    const revokedAt = await providers.revokeKey(message);
    if (revokedAt === null) {
      throw fail(404, "key_not_found", "This provider never registered a key with this hash.");
    }
    respond(res, 200, { ...message, revokedAt });
  });

  router.post("/provider-access", async (req, res) => {
    const provider = await authenticatedProvider(req, context);
    const body = parse(ProviderAccessBody, req.body);
    const shown = await shownBy(body, (wallet) =>
      hashTypedData(providerAccessTypedData(chain.deployment, { spender: wallet, provider })),
    );
    if (!(await providers.grantAccess({ ...shown, provider }))) throw accessRevoked();
    respond(res, 201, { spender: shown.spender, provider });
  });

  router.post("/provider-access/revocation", async (req, res) => {
    const { provider, ...body } = parse(ProviderAccessRevocationBody, req.body);
    const shown = await shownBy(body, (wallet) =>
      hashTypedData(
        providerAccessRevocationTypedData(chain.deployment, { spender: wallet, provider }),
      ),
    );
    const revokedAt = await providers.revokeAccess({ ...shown, provider });
    if (revokedAt === null) {
      throw fail(404, "access_not_found", "The spender never gave this provider access.");
    }
    respond(res, 200, { spender: shown.spender, provider, revokedAt });
  });

  /** The spender that shows its key, or whose wallet signed, and its signature. */
  async function shownBy(
    shown: z.output<typeof ProviderAccessBody>,
    digestFor: (wallet: Address) => Hex,
  ): Promise<{ spender: SpenderId; signature: Hex | null }> {
    if ("apiKey" in shown) return { spender: apiKeySpender(shown.apiKey), signature: null };
    const { spender: wallet, signature } = shown;
    if (!(await chain.isSignedBy(wallet, digestFor(wallet), signature))) {
      throw invalidSignature(`the spender ${wallet}`);
    }
    return { spender: walletSpender(wallet), signature };
  }

  return router;
}

export function accessRevoked(): ProblemError {
  return fail(
    403,
    "access_revoked",
    "The spender took this provider's access back, for good: it needs a new API key, or an allowance whose scope names the provider.",
  );
}
