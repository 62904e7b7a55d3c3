import { Router } from "express";
import type { Address } from "viem";

import { USAGE_EVENT_TYPE } from "@compute-credits/api/usage/cloudEvent";
import { getDeployment } from "@compute-credits/api/deployment/deployment";
import { ALLOWANCE_TYPES } from "@compute-credits/protocol/messages/allowance";
import { CHECKPOINT_TYPES } from "@compute-credits/protocol/messages/checkpoint";
import { type Deployment, signingDomain } from "@compute-credits/protocol/messages/domain";
import type { Terms } from "@compute-credits/platform/chain/chainReader";
import { mount } from "../../http/mount.ts";
import type { Limits } from "../../limits.ts";

export interface DeploymentDeps {
  readonly deployment: Deployment;
  readonly terms: Terms;
  readonly limits: Limits;
  readonly feeBps: bigint;
  /** the chain's own number of the block with the contract's deployment */
  readonly deploymentBlock: bigint;
  /** the contract that answers a wallet's page in one call, if the operator names one */
  readonly lens: Address | null;
  /** the contract of the deposit addresses, if the operator names one */
  readonly depositAddresses: Address | null;
}

/** The contract, what is signed for it and how, the fee and the limits. */
export function deploymentRoutes({
  deployment,
  terms,
  limits,
  feeBps,
  deploymentBlock,
  lens,
  depositAddresses,
}: DeploymentDeps): Router {
  const router = Router();

  mount(router, getDeployment, ({ answer }) =>
    answer(200, {
      domain: signingDomain(deployment),
      types: { ...ALLOWANCE_TYPES, ...CHECKPOINT_TYPES },
      terms,
      feeBps,
      deploymentBlock,
      lens,
      depositAddresses,
      usageEventType: USAGE_EVENT_TYPE,
      limits,
    }),
  );

  return router;
}
