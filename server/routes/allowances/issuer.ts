import type { Request } from "express";

import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { bearerKey } from "../../http/authentication.ts";
import { type ProblemError, fail } from "../../http/problem.ts";
import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import { findAllowance } from "./findAllowance.ts";

/** The campaign that the path names. Throws a 403 unless the request carries the campaign's key. */
export async function issuersCampaign(
  req: Request,
  allowances: Pick<AllowanceStore, "find">,
): Promise<Allowance> {
  const key = bearerKey(req);
  const campaign = await findAllowance(allowances, req.params["id"]);
  checkIssuer(campaign, key);
  return campaign;
}

/** Throws a 403 unless `key` is the spender of the campaign, whose holder issues its grants. */
export function checkIssuer(campaign: Allowance, key: string): void {
  if (apiKeySpender(key) !== campaign.message.spender) throw notTheIssuer();
}

export function notTheIssuer(): ProblemError {
  return fail(
    403,
    "not_the_issuer",
    "The key is not the one that the campaign names as its spender. Send the campaign's own key.",
  );
}
