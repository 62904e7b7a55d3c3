import { CreditsError, allow, apiKeySpender, readBalance } from "@compute-credits/client";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { OwnerWallet } from "./agent.ts";
import { type AllowanceTerms, type MadeKey, checkLimit } from "./newKey.ts";

/**
 * Signs an allowance to a new key with the owner's wallet, and posts both, so that it counts at
 * once. Signs nothing for a server of another chain or contract than the user named.
 */
export async function signKey(
  owner: OwnerWallet,
  {
    key,
    named,
    terms,
  }: {
    readonly key: string;
    /** as the server names them */
    readonly named: Deployment;
    readonly terms: AllowanceTerms & { readonly periodMonths: number | undefined };
  },
): Promise<MadeKey> {
  const { api, account, deployment, maxKeyMicros } = owner;
  const { limitMicros, expiresAt, scope, periodMonths } = terms;
  checkLimit(limitMicros, maxKeyMicros);
  if (named.chainId !== deployment.chainId || named.contract !== deployment.contract) {
    throw new CreditsError("The server is of another chain or contract than the user named.", {
      reason: "wrong_deployment",
      next: "Tell the user: METERING_URL does not fit CHAIN_ID and CONTRACT_ADDRESS.",
    });
  }
  const spender = apiKeySpender(key);
  const { counter } = await readBalance(api, { account });
  const { id: allowance } = await allow(api, owner, {
    spender,
    limitMicros,
    expiresAt,
    scope,
    counter,
    apiKey: key,
    ...(periodMonths === undefined ? {} : { period: { months: periodMonths } }),
  });
  return { spender, account, allowance, campaign: null };
}
