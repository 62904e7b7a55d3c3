import { Router } from "express";
import { hashTypedData } from "viem";
import { z } from "zod";

import {
  AddressField,
  Bytes32Field,
  SignatureField,
  uintField,
} from "@compute-credits/protocol/json/fields";
import { ANY_CAMPAIGN, issuingKeyTypedData } from "@compute-credits/protocol/messages/issuingKey";
import { issuingKeyRevocationTypedData } from "@compute-credits/protocol/messages/issuingKeyRevocation";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { OWNER, checkSignature } from "../../http/checkSignature.ts";
import { parse } from "../../http/parse.ts";
import { ProblemError, fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import type { IssuingKey, IssuingKeyStore } from "../../stores/issuing/issuingKeyStore.ts";
import { admissionProblem } from "../allowances/admissionProblem.ts";

const KeyBody = z.strictObject({
  account: AddressField,
  keyHash: Bytes32Field,
  campaign: Bytes32Field.default(ANY_CAMPAIGN),
  counter: uintField(64),
  signature: SignatureField,
});

const RevocationBody = z.strictObject({
  account: AddressField,
  revokesGrants: z.boolean(),
  signature: SignatureField,
});

export interface IssuingKeyDeps {
  readonly issuingKeys: IssuingKeyStore;
  readonly allowances: Pick<AllowanceStore, "counterOf">;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
}

/**
 * `POST /v1/issuing-keys`: 201; the account's owner registers the hash of a key that issues grants
 * and codes. 200 if it is registered already.
 * `GET /v1/accounts/:address/issuing-keys`: the account's keys, without their texts.
 * `POST /v1/issuing-keys/:keyHash/revocation`: 200; the owner revokes the key for good, and with
 * `revokesGrants` what it issued, in parts: again while `hasMore`.
 */
export function issuingKeyRoutes({ issuingKeys, allowances, chain }: IssuingKeyDeps): Router {
  const router = Router();

  router.post("/issuing-keys", async (req, res) => {
    const { signature, ...message } = parse(KeyBody, req.body);
    await checkSignature(chain, {
      signer: message.account,
      role: OWNER,
      digest: hashTypedData(issuingKeyTypedData(chain.deployment, message)),
      signature,
    });
    const added = await issuingKeys.add(message, signature);
    if (added.result === "added") {
      respond(res, added.repeated ? 200 : 201, describeKey(added.key));
      return;
    }
    switch (added.reason) {
      case "key_taken":
        throw fail(409, "key_taken", "This hash is registered for something else. Make a new key.");
      case "key_revoked":
        throw fail(409, "key_revoked", "This key was revoked, for good. Make a new one.");
      case "too_many_keys":
        throw fail(
          429,
          "too_many_keys",
          `The account has its maximum of ${added.limit} issuing keys. Revoke one that is not used.`,
          { limit: added.limit },
        );
      case "stale_counter":
      case "counter_not_reached": {
        const currentCounter = await allowances.counterOf(message.account);
        throw new ProblemError(admissionProblem({ reason: added.reason, currentCounter }));
      }
      default:
        added satisfies never;
    }
  });

  router.get("/accounts/:address/issuing-keys", async (req, res) => {
    const keys = await issuingKeys.ofAccount(parse(AddressField, req.params.address));
    respond(res, 200, { issuingKeys: keys.map(describeKey) });
  });

  router.post("/issuing-keys/:keyHash/revocation", async (req, res) => {
    const keyHash = parse(Bytes32Field, req.params.keyHash);
    const { signature, ...rest } = parse(RevocationBody, req.body);
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
    respond(res, 200, { account: message.account, keyHash, revokedAt, revokedGrants, hasMore });
  });

  return router;
}

function describeKey({ campaign, ...key }: IssuingKey) {
  return { ...key, campaign: campaign === ANY_CAMPAIGN ? null : campaign };
}
