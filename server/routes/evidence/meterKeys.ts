import { Router } from "express";
import { hashTypedData } from "viem";

import {
  listMeterKeys,
  registerMeterKey,
  revokeMeterKey,
} from "@compute-credits/api/evidence/meterKeys";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import {
  meterKeyRevocationTypedData,
  meterKeyTypedData,
} from "@compute-credits/protocol/messages/meterKey";
import { notApproved } from "../../http/authentication.ts";
import { checkSignature } from "../../http/checkSignature.ts";
import { mount } from "../../http/mount.ts";
import { fail } from "../../http/problem.ts";
import type { EvidenceStore } from "../../stores/evidence/evidenceStore.ts";
import type { ApprovalStore } from "../../stores/providers/approvalStore.ts";

export interface MeterKeyDeps {
  readonly evidence: Pick<EvidenceStore, "addKey" | "revokeKey" | "keysOf">;
  readonly approvals: Pick<ApprovalStore, "isApproved">;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
}

export function meterKeyRoutes({ evidence, approvals, chain }: MeterKeyDeps): Router {
  const router = Router();

  mount(router, registerMeterKey, async ({ read, answer }) => {
    const { signature, ...message } = read().body;
    if (!(await approvals.isApproved(message.provider))) throw notApproved(message.provider);
    await checkSignature(chain, {
      signer: message.provider,
      role: "the provider",
      digest: hashTypedData(meterKeyTypedData(chain.deployment, message)),
      signature,
    });
    const createdAt = await evidence.addKey(message);
    if (createdAt === "revoked") {
      throw fail(409, "key_revoked", "This key was revoked, for good. Make a new one.");
    }
    return answer(201, { ...message, createdAt });
  });

  mount(router, revokeMeterKey, async ({ read, answer }) => {
    const {
      params: { meterKey },
      body: { provider, signature },
    } = read();
    const message = { provider, meterKey };
    await checkSignature(chain, {
      signer: provider,
      role: "the provider",
      digest: hashTypedData(meterKeyRevocationTypedData(chain.deployment, message)),
      signature,
    });
    const revokedAt = await evidence.revokeKey(message);
    if (revokedAt === null) {
      throw fail(404, "key_not_found", "This provider never registered this meter key.");
    }
    return answer(200, { ...message, revokedAt });
  });

  mount(router, listMeterKeys, async ({ read, answer }) =>
    answer(200, { meterKeys: await evidence.keysOf(read().params.provider) }),
  );

  return router;
}
