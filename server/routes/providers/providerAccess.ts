import { Router } from "express";
import { type Address, type Hex, hashTypedData } from "viem";
import { z } from "zod";

import { AddressField, ApiKeyField, SignatureField } from "@compute-credits/protocol/json/fields";
import { providerAccessTypedData } from "@compute-credits/protocol/messages/providerAccess";
import { providerAccessRevocationTypedData } from "@compute-credits/protocol/messages/providerAccessRevocation";
import { type SpenderId, walletSpender } from "@compute-credits/protocol/messages/spender";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { authenticatedProvider, spenderOfKey } from "../../http/authentication.ts";
import { checkSignature } from "../../http/checkSignature.ts";
import { parse } from "../../http/parse.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";
import { accessRevoked } from "./accessProblem.ts";

/** The spender's key itself, or its wallet's signature. Either proves that the spender agreed. */
const AccessBody = z.union(
  [
    z.strictObject({ apiKey: ApiKeyField }),
    z.strictObject({ spender: AddressField, signature: SignatureField }),
  ],
  'must be {"apiKey"} or {"spender", "signature"}',
);

const AccessRevocationBody = z.union(
  [
    z.strictObject({ provider: AddressField, apiKey: ApiKeyField }),
    z.strictObject({ provider: AddressField, spender: AddressField, signature: SignatureField }),
  ],
  'must be {"provider", "apiKey"} or {"provider", "spender", "signature"}',
);

export interface ProviderAccessDeps {
  readonly providers: Pick<ProviderStore, "callerOfKey" | "grantAccess" | "revokeAccess">;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
}

/**
 * `POST /v1/provider-access`, with the provider's key: 201; the provider shows once that a spender
 * agreed, and may bill it from then on.
 * `POST /v1/provider-access/revocation`: 200; the spender takes that back, for good.
 */
export function providerAccessRoutes({ providers, chain }: ProviderAccessDeps): Router {
  const router = Router();
  const { deployment } = chain;

  router.post("/provider-access", async (req, res) => {
    const provider = await authenticatedProvider(req, providers);
    const proof = await provenSpender(chain, parse(AccessBody, req.body), (spender) =>
      hashTypedData(providerAccessTypedData(deployment, { spender, provider })),
    );
    if (!(await providers.grantAccess({ ...proof, provider }))) throw accessRevoked();
    respond(res, 201, { spender: proof.spender, provider });
  });

  router.post("/provider-access/revocation", async (req, res) => {
    const { provider, ...body } = parse(AccessRevocationBody, req.body);
    const proof = await provenSpender(chain, body, (spender) =>
      hashTypedData(providerAccessRevocationTypedData(deployment, { spender, provider })),
    );
    const revokedAt = await providers.revokeAccess({ ...proof, provider });
    if (revokedAt === null) {
      throw fail(
        404,
        "access_not_found",
        "The spender never gave this provider access. Check the spender and the provider.",
      );
    }
    respond(res, 200, { spender: proof.spender, provider, revokedAt });
  });

  return router;
}

/** The spender that sent its key (`signature` is `null`), or whose wallet signed `digestFor` it. */
async function provenSpender(
  chain: Pick<ChainReader, "signingOf">,
  proof: z.output<typeof AccessBody>,
  digestFor: (wallet: Address) => Hex,
): Promise<{ spender: SpenderId; signature: Hex | null }> {
  if ("apiKey" in proof) return { spender: spenderOfKey(proof.apiKey), signature: null };
  const { spender: wallet, signature } = proof;
  const digest = digestFor(wallet);
  await checkSignature(chain, { signer: wallet, role: "the spender", digest, signature });
  return { spender: walletSpender(wallet), signature };
}
