import { Bytes32Field } from "@compute-credits/protocol/json/fields";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { parse } from "../../http/parse.ts";
import { type ProblemError, fail } from "../../http/problem.ts";
import type { AllowanceStore, ListedAllowance } from "../../stores/allowances/allowanceStore.ts";

/** The allowance that a path names. Throws a 400 if `id` is not 32 bytes, a 404 if unknown. */
export async function findAllowance(
  allowances: Pick<AllowanceStore, "find">,
  id: unknown,
): Promise<ListedAllowance> {
  const allowance = await allowances.find(parse(Bytes32Field, id));
  if (allowance === null) throw allowanceNotFound();
  return allowance;
}

/** The campaign that a grant was issued from; `null` for an allowance that its owner signed. */
export async function findCampaign(
  allowances: Pick<AllowanceStore, "find">,
  { campaign }: Allowance,
): Promise<Allowance | null> {
  return campaign === null ? null : await allowances.find(campaign);
}

export function allowanceNotFound(): ProblemError {
  return fail(404, "allowance_not_found", "No allowance has this id: check it.");
}
