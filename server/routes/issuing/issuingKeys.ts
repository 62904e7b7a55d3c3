import { Router } from "express";
import { hashTypedData } from "viem";

import {
  listIssuingKeys,
  registerIssuingKey,
  revokeIssuingKey,
} from "@compute-credits/api/issuing/issuingKeys";
import { ANY_CAMPAIGN, issuingKeyTypedData } from "@compute-credits/protocol/messages/issuingKey";
import { issuingKeyRevocationTypedData } from "@compute-credits/protocol/messages/issuingKeyRevocation";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { OWNER, checkSignature } from "../../http/checkSignature.ts";
import { keyRefusal } from "../../http/keyRefusal.ts";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import { ProblemError, fail } from "../../http/problem.ts";
import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import type { IssuingKey, IssuingKeyStore } from "../../stores/issuing/issuingKeyStore.ts";
import { admissionProblem } from "../allowances/admissionProblem.ts";

export interface IssuingKeyDeps {
  readonly issuingKeys: IssuingKeyStore;
  readonly allowances: Pick<AllowanceStore, "counterOf">;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
  readonly permit: Permit;
}

export function issuingKeyRoutes({
  issuingKeys,
  allowances,
  chain,
  permit,
}: IssuingKeyDeps): Router {
  const router = Router();

  mount(router, registerIssuingKey, async ({ read, answer }) => {
    const { signature, ...message } = read().body;
    await checkSignature(chain, {
      signer: message.account,
      role: OWNER,
      digest: hashTypedData(issuingKeyTypedData(chain.deployment, message)),
      signature,
    });
    const added = await issuingKeys.add(message, signature);
    if (added.result === "added") {
      return answer(added.repeated ? 200 : 201, describeKey(added.key));
    }
    switch (added.reason) {
      case "key_taken":
      case "key_revoked":
      case "too_many_keys":
        throw keyRefusal(added, "issuing");
      case "stale_counter":
      case "counter_not_reached": {
        const currentCounter = await allowances.counterOf(message.account);
        throw new ProblemError(admissionProblem({ reason: added.reason, currentCounter }));
      }
      default:
        return added satisfies never;
    }
  });

  mount(router, listIssuingKeys, async ({ req, read, answer }) => {
    const { address } = read().params;
    await permit.check(listIssuingKeys, req, { account: address });
    const keys = await issuingKeys.ofAccount(address);
    return answer(200, { issuingKeys: keys.map(describeKey) });
  });

  mount(router, revokeIssuingKey, async ({ read, answer }) => {
    const { params, body } = read();
    const { keyHash } = params;
    const { signature, ...rest } = body;
    const message = { ...rest, keyHash };
    await checkSignature(chain, {
      signer: message.account,
      role: OWNER,
      digest: hashTypedData(issuingKeyRevocationTypedData(chain.deployment, message)),
      signature,
    });
    const revoked = await issuingKeys.revoke({ ...message, signature });
    if (revoked === null) {
      throw fail(404, "key_not_found", "This account has no issuing key with this hash. Check it.");
    }
    const { revokedAt, grants: revokedGrants, hasMore } = revoked;
    return answer(200, { account: message.account, keyHash, revokedAt, revokedGrants, hasMore });
  });

  return router;
}

function describeKey({ account, keyHash, campaign, counter, createdAt, revokedAt }: IssuingKey) {
  return {
    account,
    keyHash,
    counter,
    createdAt,
    revokedAt,
    campaign: campaign === ANY_CAMPAIGN ? null : campaign,
  };
}
