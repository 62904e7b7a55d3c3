import type { Request } from "express";
import type { Address } from "viem";

import { apiKeySpender } from "../../protocol/spender.ts";
import type { Context } from "./context.ts";
import { type ProblemError, fail } from "./problem.ts";

/** The key that the request carries (`Authorization: Bearer …`), whosever it is. */
export function bearerKey(req: Request): string {
  const [, key] = /^Bearer (\S{1,256})$/.exec(req.get("authorization") ?? "") ?? [];
  if (key === undefined) {
    throw fail(401, "missing_credentials", "Send the key with it: Authorization: Bearer <key>.");
  }
  return key;
}

/** The provider whose key the request carries (`Authorization: Bearer …`). Only the key's hash is known here. */
export async function authenticatedProvider(
  req: Request,
  { providers }: Pick<Context, "providers">,
): Promise<Address> {
  const provider = await providers.providerOfKey(apiKeySpender(bearerKey(req)));
  if (provider === null) {
    throw fail(
      401,
      "unknown_key",
      "No provider has registered this key: post its hash, signed by the provider's wallet, to /v1/provider-keys.",
    );
  }
  return provider;
}

export function notTheIssuer(): ProblemError {
  return fail(
    403,
    "not_the_issuer",
    "This is not the key that the allowance names as its spender: only its holder issues grants out of it.",
  );
}
