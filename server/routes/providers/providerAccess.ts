import { Router } from "express";
import { type Address, type Hex, hashTypedData } from "viem";
import type { z } from "zod";

import {
  grantProviderAccess,
  revokeProviderAccess,
} from "@compute-credits/api/providers/providerAccess";
import { providerAccessTypedData } from "@compute-credits/protocol/messages/providerAccess";
import { providerAccessRevocationTypedData } from "@compute-credits/protocol/messages/providerAccessRevocation";
import { type SpenderId, walletSpender } from "@compute-credits/protocol/messages/spender";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { authenticatedProvider, spenderOfKey } from "../../http/authentication.ts";
import { checkSignature } from "../../http/checkSignature.ts";
import { mount } from "../../http/mount.ts";
import { fail } from "../../http/problem.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";
import { accessRevoked } from "./accessProblem.ts";

export interface ProviderAccessDeps {
  readonly providers: Pick<ProviderStore, "callerOfKey" | "grantAccess" | "revokeAccess">;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
}

export function providerAccessRoutes({ providers, chain }: ProviderAccessDeps): Router {
  const router = Router();
  const { deployment } = chain;

  mount(router, grantProviderAccess, async ({ req, read, answer }) => {
    const provider = await authenticatedProvider(req, providers);
    const proof = await provenSpender(chain, read().body, (spender) =>
      hashTypedData(providerAccessTypedData(deployment, { spender, provider })),
    );
    if (!(await providers.grantAccess({ ...proof, provider }))) throw accessRevoked();
    return answer(201, { spender: proof.spender, provider });
  });

  mount(router, revokeProviderAccess, async ({ read, answer }) => {
    const { provider, ...body } = read().body;
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
    return answer(200, { spender: proof.spender, provider, revokedAt });
  });

  return router;
}

/** The spender that sent its key (`signature` is `null`), or whose wallet signed `digestFor` it. */
async function provenSpender(
  chain: Pick<ChainReader, "signingOf">,
  proof: z.output<typeof grantProviderAccess.body>,
  digestFor: (wallet: Address) => Hex,
): Promise<{ spender: SpenderId; signature: Hex | null }> {
  if ("apiKey" in proof) return { spender: spenderOfKey(proof.apiKey), signature: null };
  const { spender: wallet, signature } = proof;
  const digest = digestFor(wallet);
  await checkSignature(chain, { signer: wallet, role: "the spender", digest, signature });
  return { spender: walletSpender(wallet), signature };
}
