import type { Request } from "express";
import type { Hex } from "viem";

import type { Route } from "@compute-credits/api/route";
import type { Permit } from "../../http/permit.ts";
import type { AllowanceStore, ListedAllowance } from "../../stores/allowances/allowanceStore.ts";
import { allowanceNotFound } from "./findAllowance.ts";

/**
 * The campaign with an id, for those who may read what was issued from it. Throws a 401 without
 * credentials, and to all others the same 404 whether the campaign exists or not.
 */
export async function campaignFor(
  req: Request,
  {
    route,
    id,
    permit,
    allowances,
  }: {
    readonly route: Pick<Route, "callers">;
    readonly id: Hex;
    readonly permit: Permit;
    readonly allowances: Pick<AllowanceStore, "find">;
  },
): Promise<ListedAllowance> {
  const readsAll = await permit.isPermitted(route, req, {});
  const campaign = await allowances.find(id);
  if (campaign === null) throw allowanceNotFound();
  if (readsAll) return campaign;
  const { account, counter } = campaign.message;
  const subject = { account, campaign: { id, counter } };
  if (!(await permit.isPermitted(route, req, subject))) throw allowanceNotFound();
  return campaign;
}
