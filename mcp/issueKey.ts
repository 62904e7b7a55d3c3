import type { Hex } from "viem";

import { issueGrants, listGrants } from "@compute-credits/api/allowances/grants";
import {
  type Api,
  ApiProblem,
  CreditsError,
  accept,
  apiKeySpender,
  readMe,
  revokeGrant,
} from "@compute-credits/client";
import type { AllowanceTerms, MadeKey } from "./newKey.ts";

/**
 * Issues a grant to a new key out of a campaign, and lets the key accept the account. A key that
 * cannot accept it gets nothing: the grant is revoked. All keys together spend at most the
 * campaign's limit, whatever is issued: a limit that could never be spent is refused here.
 */
export async function issueKey(
  issuer: Api,
  {
    key,
    campaign: named,
    terms,
  }: { readonly key: string; readonly campaign: Hex | undefined; readonly terms: AllowanceTerms },
): Promise<MadeKey> {
  const { account, campaign: only } = await issuingKeyOf(issuer);
  const campaign = named ?? only;
  if (campaign === null) {
    throw new CreditsError("The issuing key serves several campaigns, and none is named.", {
      reason: "campaign_needed",
      next: "Name the campaign: the id of the allowance that the owner signed for it.",
    });
  }
  const spender = apiKeySpender(key);
  const { limitMicros: limit, period, expiresAt, scope } = terms;
  await refuseBeyond(issuer, campaign, terms);
  const isScoped = scope.providers.length + scope.meters.length > 0;
  const grant = {
    id: `mcp-${spender.slice(2, 34)}`,
    spender,
    limit,
    period,
    expiresAt: expiresAt === 0n ? null : expiresAt,
    scope: isScoped ? scope : null,
  };
  const { outcomes } = await issuer.call(issueGrants, {
    params: { id: campaign },
    body: { grants: [grant] },
  });
  const [outcome] = outcomes;
  if (outcome === undefined) throw new Error("the server returns one outcome for each grant");
  if (outcome.result === "refused") {
    throw new ApiProblem(outcome.problem.status, outcome.problem);
  }
  const { allowance } = outcome;
  try {
    await accept(issuer.as({ key }), { account });
  } catch (error) {
    await revokeGrant(issuer, { grant: allowance });
    throw error;
  }
  return { spender, account, allowance, campaign };
}

/** Throws a `CreditsError` (`beyond_campaign`) if the campaign can never pay all of the limit. */
async function refuseBeyond(
  issuer: Api,
  id: Hex,
  { limitMicros, period }: AllowanceTerms,
): Promise<void> {
  const found = await issuer.call(listGrants, { params: { id }, query: { limit: 1 } });
  const { allowance, remainingMicros } = found.campaign;
  const mostMicros = allowance.period === 0n ? remainingMicros : allowance.limit;
  // Without a period of its own the key may live through many of the campaign's.
  const isBounded = allowance.period === 0n || period !== 0n;
  if (!isBounded || limitMicros <= mostMicros) return;
  throw new CreditsError(`The campaign has ${mostMicros} micro-credits for a key.`, {
    reason: "beyond_campaign",
    next: "Ask for at most that, or let the owner sign another campaign.",
  });
}

async function issuingKeyOf(issuer: Api) {
  const me = await readMe(issuer);
  if (me.kind !== "issuingKey") {
    throw new CreditsError("ISSUING_KEY is no issuing key of this server.", {
      reason: "unknown_key",
    });
  }
  return { account: me.account, campaign: BigInt(me.campaign) === 0n ? null : me.campaign };
}
