import { Router } from "express";
import { type Address, hashTypedData } from "viem";
import {
  decideProviderApproval,
  getProviderApproval,
} from "@compute-credits/api/providers/approvals";
import { providerApprovalTypedData } from "@compute-credits/protocol/messages/providerApproval";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { checkSignature } from "../../http/checkSignature.ts";
import { mount } from "../../http/mount.ts";
import { fail } from "../../http/problem.ts";
import type { ApprovalStore } from "../../stores/providers/approvalStore.ts";

/** An approval may be dated ahead by so much, so that a clock that is wrong blocks nothing. */
const MAX_AHEAD_SECONDS = 300n;

export interface ApprovalDeps {
  readonly approvals: ApprovalStore;
  /** addresses whose signature approves */
  readonly operators: readonly Address[];
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
}

export function approvalRoutes({ approvals, operators, chain }: ApprovalDeps): Router {
  const router = Router();

  mount(router, decideProviderApproval, async ({ read, answer }) => {
    const { signature, operator, ...message } = read().body;
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
    return answer(200, inForce);
  });

  mount(router, getProviderApproval, async ({ read, answer }) => {
    const { address: provider } = read().params;
    const [decision, approved] = await Promise.all([
      approvals.find(provider),
      approvals.isApproved(provider),
    ]);
    return answer(200, { provider, approved, decision });
  });

  return router;
}
