import { type Request, Router } from "express";
import type { Address } from "viem";

import { getCapProof } from "@compute-credits/api/accounts/capProof";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import { ProblemError, fail } from "../../http/problem.ts";
import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import type { DisputeStore } from "../../stores/settlement/disputeStore.ts";

export interface CapProofDeps {
  readonly allowances: Pick<AllowanceStore, "capProof" | "counterOf">;
  readonly disputes: Pick<DisputeStore, "challengersOf">;
  /** bounds and remembers its calls */
  readonly chain: Pick<ChainReader, "isChallengeOpen">;
  readonly permit: Permit;
}

/** Challenges of an account that a stranger's request looks at. Each costs its challenger a stake. */
const MOST_CHALLENGES = 5;

export function capProofRoutes({ allowances, disputes, chain, permit }: CapProofDeps): Router {
  const router = Router();

  mount(router, getCapProof, async ({ req, read, answer }) => {
    const { address } = read().params;
    await checkReader(req, address);
    const counter = read().query.counter ?? (await allowances.counterOf(address));
    const signed = await allowances.capProof(address, counter);
    if (signed === null) {
      throw fail(
        404,
        "allowance_not_found",
        `This server has no allowance that ${address} signed under its counter ${counter}.`,
      );
    }
    const { id, message, scope, signature } = signed;
    return answer(200, { id, allowance: message, scope, signature });
  });

  /** Asks the chain last, and only if the ledger has seen a challenge of the account. */
  async function checkReader(req: Request, account: Address): Promise<void> {
    try {
      await permit.check(getCapProof, req, { account });
    } catch (error) {
      if (!(error instanceof ProblemError) || !(await isChallenged(account))) throw error;
    }
  }

  async function isChallenged(account: Address): Promise<boolean> {
    for (const challenger of await disputes.challengersOf(account, MOST_CHALLENGES)) {
      // oxlint-disable-next-line no-await-in-loop -- the first that is open is enough
      if (await chain.isChallengeOpen(account, challenger)) return true;
    }
    return false;
  }

  return router;
}
