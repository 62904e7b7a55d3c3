import { Router } from "express";
import { hashTypedData } from "viem";

import { addViewKey, revokeViewKey } from "@compute-credits/api/keys/viewKeys";
import { viewKeyTypedData } from "@compute-credits/protocol/messages/viewKey";
import { viewKeyRevocationTypedData } from "@compute-credits/protocol/messages/viewKeyRevocation";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { OWNER, checkSignature } from "../../http/checkSignature.ts";
import { keyRefusal } from "../../http/keyRefusal.ts";
import { mount } from "../../http/mount.ts";
import type { Identify } from "../../http/principal.ts";
import { fail } from "../../http/problem.ts";
import { requireSession } from "../../http/requireSession.ts";
import type { KeyDetailStore } from "../../stores/keys/keyDetailStore.ts";
import { VIEW_KEYS, type ViewKeyStore } from "../../stores/keys/viewKeyStore.ts";

export interface ViewKeyDeps {
  readonly identify: Identify;
  readonly viewKeys: Pick<ViewKeyStore, "add" | "end">;
  readonly keyDetails: Pick<KeyDetailStore, "setLabel">;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
}

/** Registers and ends keys that read an account, by its owner's session or signature. */
export function viewKeyRoutes({ identify, viewKeys, keyDetails, chain }: ViewKeyDeps): Router {
  const router = Router();

  mount(router, addViewKey, async ({ req, read, answer }) => {
    const { signature, label, ...message } = read().body;
    const { account, keyHash } = message;
    if (signature === undefined) {
      const { address } = await requireSession(req, identify);
      if (address !== account) {
        throw fail(
          403,
          "not_permitted",
          `Your session is of ${address}, not of ${account}: sign in with the account's own wallet.`,
        );
      }
    } else {
      const digest = hashTypedData(viewKeyTypedData(chain.deployment, message));
      await checkSignature(chain, { signer: account, role: OWNER, digest, signature });
    }
    const expiresAt = new Date(Number(message.expiresAt) * 1_000);
    checkExpiry(expiresAt);
    const added = await viewKeys.add({ account, keyHash, expiresAt });
    if (added.result === "added") {
      // A signature can be shown again by others, who must not rename the key.
      const mayLabel = signature === undefined || !added.repeated;
      if (label !== undefined && mayLabel) await keyDetails.setLabel(keyHash, label);
      const { createdAt } = added.key;
      return answer(201, { account, keyHash, createdAt, expiresAt });
    }
    throw keyRefusal(added, "view");
  });

  mount(router, revokeViewKey, async ({ read, answer }) => {
    const { params, body } = read();
    const { account, signature } = body;
    const message = { account, keyHash: params.keyHash };
    const digest = hashTypedData(viewKeyRevocationTypedData(chain.deployment, message));
    await checkSignature(chain, { signer: account, role: OWNER, digest, signature });
    const revokedAt = await viewKeys.end({ ...message, inSeconds: 0 });
    if (revokedAt === null) {
      throw fail(404, "key_not_found", "This account has no view key with this hash. Check it.");
    }
    return answer(200, { ...message, revokedAt });
  });

  return router;
}

function checkExpiry(expiresAt: Date): void {
  const now = Date.now();
  const latest = new Date(now + VIEW_KEYS.longestSeconds * 1_000);
  if (expiresAt.getTime() > now && expiresAt <= latest) return;
  throw fail(
    422,
    "expiry_out_of_range",
    `A view key expires after now and until ${latest.toISOString()}.`,
    { latest },
  );
}
