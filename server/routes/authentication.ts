import type { Request } from "express";
import type { Address } from "viem";

import { apiKeySpender } from "../../protocol/spender.ts";
import type { Context } from "./context.ts";
import { fail } from "./problem.ts";

/** The provider whose key the request carries (`Authorization: Bearer …`). Only the key's hash is known here. */
export async function authenticatedProvider(
  req: Request,
  { providers }: Pick<Context, "providers">,
): Promise<Address> {
  const [, key] = /^Bearer (\S{1,256})$/.exec(req.get("authorization") ?? "") ?? [];
  if (key === undefined) {
    throw fail(401, "missing_credentials", "Send the provider's key: Authorization: Bearer <key>.");
  }
  const provider = await providers.providerOfKey(apiKeySpender(key));
  if (provider === null) {
    throw fail(
      401,
      "unknown_key",
      "No provider has registered this key: post its hash, signed by the provider's wallet, to /v1/provider-keys.",
    );
  }
  return provider;
}
