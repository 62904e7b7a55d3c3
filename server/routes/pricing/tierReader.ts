import type { Request } from "express";
import type { Address } from "viem";

import type { Route } from "@compute-credits/api/route";
import type { Permit } from "../../http/permit.ts";
import type { Identify } from "../../http/principal.ts";
import type { AcceptanceStore } from "../../stores/acceptances/acceptanceStore.ts";

export interface TierReaderDeps {
  readonly permit: Permit;
  readonly identify: Identify;
  readonly acceptances: Pick<AcceptanceStore, "isAccepted">;
}

/**
 * Rejects with a 401 or a 403 unless the request may learn at which tier an account is: a price for
 * a named account tells how much it has used. Its owner and operators may, a spender that accepted
 * it, and an approved provider with its key, for its own rates.
 */
export async function checkTierReader(
  req: Request,
  {
    route,
    account,
    provider,
  }: {
    readonly route: Pick<Route, "callers">;
    readonly account: Address;
    readonly provider: Address;
  },
  { permit, identify, acceptances }: TierReaderDeps,
): Promise<void> {
  const principal = await identify(req);
  const isSpenders =
    principal.kind === "spenderKey" &&
    (await acceptances.isAccepted({ spender: principal.spender, account }));
  const isProviders = principal.kind === "providerKey" && principal.isApproved;
  await permit.check(route, req, {
    account,
    ...(isSpenders ? { spender: principal.spender } : {}),
    ...(isProviders ? { provider } : {}),
  });
}
