import { Router } from "express";
import { type Address, hashTypedData } from "viem";
import { z } from "zod";

import { AddressField, SecondsField, SignatureField } from "@compute-credits/protocol/json/fields";
import { providerApprovalTypedData } from "@compute-credits/protocol/messages/providerApproval";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { checkSignature } from "../../http/checkSignature.ts";
import { parse } from "../../http/parse.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { ApprovalStore } from "../../stores/providers/approvalStore.ts";

const ApprovalBody = z.strictObject({
  provider: AddressField,
  approved: z.boolean(),
  issuedAt: SecondsField,
  operator: AddressField,
  signature: SignatureField,
});

/** An approval may be dated ahead by so much, so that a clock that is wrong blocks nothing. */
const MAX_AHEAD_SECONDS = 300n;

export interface ApprovalDeps {
  readonly approvals: ApprovalStore;
  /** addresses whose signature approves */
  readonly operators: readonly Address[];
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
}

/**
 * `POST /v1/provider-approvals`: 200; an operator approves a provider, or ends that.
 * `GET /v1/provider-approvals/:address`: whether a provider may charge here.
 */
export function approvalRoutes({ approvals, operators, chain }: ApprovalDeps): Router {
  const router = Router();

  router.post("/provider-approvals", async (req, res) => {
    const { signature, operator, ...message } = parse(ApprovalBody, req.body);
    if (!operators.includes(operator)) {
      throw fail(403, "not_an_operator", `${operator} is not in this server's OPERATORS.`);
    }
    await checkSignature(chain, {
      signer: operator,
      role: "the operator",
      digest: hashTypedData(providerApprovalTypedData(chain.deployment, message)),
      signature,
    });
    if (message.issuedAt > BigInt(Math.floor(Date.now() / 1000)) + MAX_AHEAD_SECONDS) {
      throw fail(422, "times_out_of_range", "issuedAt is ahead of this server's time. Sign again.");
    }
    const inForce = await approvals.decide({ ...message, operator, signature });
    if (inForce.approved !== message.approved || inForce.issuedAt !== message.issuedAt) {
      throw fail(
        409,
        "stale_approval",
        `A decision of ${inForce.issuedAt} is in force. Sign one with a later issuedAt.`,
        { issuedAt: inForce.issuedAt },
      );
    }
    respond(res, 200, inForce);
  });

  router.get("/provider-approvals/:address", async (req, res) => {
    const provider = parse(AddressField, req.params.address);
    const [decision, approved] = await Promise.all([
      approvals.find(provider),
      approvals.isApproved(provider),
    ]);
    respond(res, 200, { provider, approved, decision });
  });

  return router;
}
