import type { Request } from "express";
import type { Address } from "viem";

import { ANY_CAMPAIGN } from "@compute-credits/protocol/messages/issuingKey";
import { walletSpender } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { type Issuer, type RegisteredKey, mayIssue } from "@compute-credits/rules/grants/issuer";
import { wrongKeyKind } from "../../http/authentication.ts";
import { missingCredentials } from "../../http/permit.ts";
import type { Identify } from "../../http/principal.ts";
import { type ProblemError, fail } from "../../http/problem.ts";
import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import { allowanceNotFound, findAllowance } from "./findAllowance.ts";

export interface IssuerDeps {
  readonly allowances: Pick<AllowanceStore, "find">;
  readonly identify: Identify;
}

/** A campaign, and who issues from it. */
export interface IssuedFrom {
  readonly campaign: Allowance;
  readonly issuer: Issuer;
}

/**
 * The campaign that the path names, and its issuer: the owner's wallet, or an issuing key that the
 * owner registered. Throws a 401 or 403 for anything else, such as the campaign's API key; and to
 * issuers of other accounts the same 404 whether the campaign exists or not.
 */
export async function issuersCampaign(req: Request, deps: IssuerDeps): Promise<IssuedFrom> {
  const read = await readIssuer(req, deps.identify);
  const campaign = await findAllowance(deps.allowances, req.params["id"]);
  checkIssuer(read, campaign);
  return { campaign, issuer: read.issuer };
}

/** Who asks to issue: an account's owner, or a key of it. */
interface ReadIssuer {
  readonly issuer: Issuer;
  readonly account: Address;
  readonly key: RegisteredKey | null;
}

/** Authenticates an issuer, of whichever campaigns. */
export async function readIssuer(req: Request, identify: Identify): Promise<ReadIssuer> {
  const principal = await identify(req);
  switch (principal.kind) {
    case "wallet": {
      if (principal.signed !== "CampaignAccess") throw wrongKeyKind("issuing");
      const { address } = principal;
      return { issuer: walletSpender(address), account: address, key: null };
    }
    case "issuingKey": {
      const { keyHash, account } = principal;
      return { issuer: keyHash, account, key: { ...principal, isRevoked: false } };
    }
    case "anyone":
      throw missingCredentials({ callers: ["issuer"] });
    case "session":
    case "spenderKey":
    case "providerKey":
    case "viewKey":
      throw wrongKeyKind("issuing");
    default:
      return principal satisfies never;
  }
}

/**
 * Throws unless the issuer may issue from the campaign: a 403 that says why about campaigns of its
 * account, and about others the 404 of a campaign that does not exist.
 */
export function checkIssuer({ issuer, account, key }: ReadIssuer, campaign: Allowance): void {
  if (mayIssue(campaign, issuer, key)) return;
  if (account !== campaign.message.account) throw allowanceNotFound();
  throw key !== null && key.campaign !== ANY_CAMPAIGN && key.campaign !== campaign.id
    ? fail(403, "not_the_issuer", `The key issues from the campaign ${key.campaign} only.`)
    : notTheIssuer();
}

export function notTheIssuer(): ProblemError {
  return fail(
    403,
    "not_the_issuer",
    "Only the owner of the campaign's account issues from it, " +
      "or a key that the owner registered at the account's current counter.",
  );
}
