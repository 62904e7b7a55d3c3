import { Router } from "express";
import type { Address, Hex } from "viem";

import { endKey, labelKey, listKeys, replaceKey } from "@compute-credits/api/keys/keys";
import { mount } from "../../http/mount.ts";
import type { Identify } from "../../http/principal.ts";
import { type ProblemError, fail } from "../../http/problem.ts";
import { requireSession } from "../../http/requireSession.ts";
import type { IssuingKeyStore } from "../../stores/issuing/issuingKeyStore.ts";
import type { KeyDetailStore, OwnKey } from "../../stores/keys/keyDetailStore.ts";
import type { ViewKeyStore } from "../../stores/keys/viewKeyStore.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";

export interface KeyDeps {
  readonly identify: Identify;
  readonly keyDetails: Pick<KeyDetailStore, "ofWallet" | "find" | "setLabel">;
  readonly providers: Pick<ProviderStore, "endKey">;
  readonly issuingKeys: Pick<IssuingKeyStore, "end">;
  readonly viewKeys: Pick<ViewKeyStore, "end">;
}

/**
 * Lists, labels, replaces and ends the keys of a wallet that signed in. A session makes no key that
 * spends: those are registered with the wallet's signature.
 */
export function keyRoutes(deps: KeyDeps): Router {
  const { identify, keyDetails } = deps;
  const router = Router();

  mount(router, listKeys, async ({ req, res, answer }) => {
    const { address } = await requireSession(req, identify);
    res.set("Cache-Control", "no-store");
    return answer(200, { keys: await keyDetails.ofWallet(address) });
  });

  mount(router, labelKey, async ({ req, read, answer }) => {
    const { address } = await requireSession(req, identify);
    const { params, body } = read();
    const { keyHash } = await findKey(address, params.keyHash);
    await keyDetails.setLabel(keyHash, body.label);
    return answer(200, { keyHash, label: body.label });
  });

  mount(router, replaceKey, async ({ req, read, answer }) => {
    const { address } = await requireSession(req, identify);
    const { params, body } = read();
    const key = await findKey(address, params.keyHash);
    const successor = await findKey(address, body.by);
    if (successor.kind !== key.kind || successor.keyHash === key.keyHash) {
      throw fail(403, "wrong_key_kind", `A key of the kind ${key.kind} replaces it.`, {
        needed: key.kind,
      });
    }
    if (!successor.isOpen) {
      throw fail(409, "key_revoked", "The new key was revoked or has expired. Make another.");
    }
    const endsAt = await end(address, key, body.overlapSeconds);
    return answer(200, { keyHash: key.keyHash, by: successor.keyHash, endsAt });
  });

  mount(router, endKey, async ({ req, read, answer }) => {
    const { address } = await requireSession(req, identify);
    const key = await findKey(address, read().params.keyHash);
    return answer(200, { keyHash: key.keyHash, revokedAt: await end(address, key, 0) });
  });

  async function findKey(owner: Address, keyHash: Hex): Promise<OwnKey> {
    const key = await keyDetails.find(owner, keyHash);
    if (key === null) throw keyNotFound();
    return key;
  }

  async function end(owner: Address, { kind, keyHash }: OwnKey, inSeconds: number): Promise<Date> {
    const endsAt = await endOf(kind, { owner, keyHash, inSeconds });
    if (endsAt === null) throw keyNotFound();
    return endsAt;
  }

  async function endOf(
    kind: OwnKey["kind"],
    { owner, keyHash, inSeconds }: { owner: Address; keyHash: Hex; inSeconds: number },
  ): Promise<Date | null> {
    switch (kind) {
      case "provider":
        return await deps.providers.endKey({ provider: owner, keyHash, inSeconds });
      case "issuing":
        return await deps.issuingKeys.end({ account: owner, keyHash, inSeconds });
      case "view":
        return await deps.viewKeys.end({ account: owner, keyHash, inSeconds });
      default:
        return kind satisfies never;
    }
  }

  return router;
}

function keyNotFound(): ProblemError {
  return fail(404, "key_not_found", "Your wallet never registered a key with this hash. Check it.");
}
