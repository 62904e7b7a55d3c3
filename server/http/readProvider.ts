import type { Request } from "express";
import type { Address } from "viem";

import type { Route } from "@compute-credits/api/route";
import type { Permit } from "./permit.ts";
import type { Identify, Principal } from "./principal.ts";

/**
 * The provider whose own records a request reads: the one that the query names, or else the caller.
 * Rejects as `Permit.check` does unless the caller may read them.
 */
export async function readProvider(
  req: Request,
  {
    route,
    named,
    identify,
    permit,
  }: {
    readonly route: Pick<Route, "callers">;
    readonly named: Address | undefined;
    readonly identify: Identify;
    readonly permit: Permit;
  },
): Promise<Address> {
  const provider = named ?? providerOf(await identify(req));
  await permit.check(route, req, { provider });
  return provider;
}

/** The address that the caller may be a provider by; of keys of other kinds, one of nobody. */
function providerOf(principal: Principal): Address {
  switch (principal.kind) {
    case "session":
    case "wallet":
      return principal.address;
    case "providerKey":
      return principal.provider;
    case "anyone":
    case "spenderKey":
    case "issuingKey":
    case "viewKey":
      return NOBODY;
    default:
      return principal satisfies never;
  }
}

const NOBODY: Address = `0x${"00".repeat(20)}`;
