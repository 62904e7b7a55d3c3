import type { Request } from "express";

import { ANY_CAMPAIGN } from "@compute-credits/protocol/messages/issuingKey";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { type Issuer, mayIssue } from "@compute-credits/rules/grants/issuer";
import { bearerKey } from "../../http/authentication.ts";
import { type ProblemError, fail } from "../../http/problem.ts";
import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import type { IssuingKeyStore } from "../../stores/issuing/issuingKeyStore.ts";
import { readCampaignAccess } from "./campaignAccess.ts";
import { findAllowance } from "./findAllowance.ts";

export interface IssuerDeps {
  readonly allowances: Pick<AllowanceStore, "find">;
  readonly issuingKeys: Pick<IssuingKeyStore, "find">;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
}

/** A campaign, and who issues from it. */
export interface IssuedFrom {
  readonly campaign: Allowance;
  readonly issuer: Issuer;
}

/**
 * The campaign that the path names, and its issuer: the owner's wallet, or an issuing key that the
 * owner registered. Throws a 401 or 403 for anything else, such as the campaign's API key.
 */
export async function issuersCampaign(req: Request, deps: IssuerDeps): Promise<IssuedFrom> {
  const read = await readIssuer(req, deps);
  const campaign = await findAllowance(deps.allowances, req.params["id"]);
  checkIssuer(read, campaign);
  return { campaign, issuer: read.issuer };
}

type ReadIssuer = Awaited<ReturnType<typeof readIssuer>>;

/** Authenticates an issuer, of whichever campaigns. */
export async function readIssuer(req: Request, { issuingKeys, chain }: IssuerDeps) {
  const owner = await readCampaignAccess(req, chain);
  if (owner !== null) return { issuer: walletSpender(owner), key: null };
  const issuer = apiKeySpender(bearerKey(req, "issuing"));
  const key = await issuingKeys.find(issuer);
  if (key === null) {
    throw fail(
      401,
      "unknown_key",
      "No account's owner has registered this issuing key. " +
        "Post its hash, signed by the owner's wallet, to /v1/issuing-keys.",
    );
  }
  if (key.isRevoked) {
    throw fail(403, "key_revoked", "This issuing key was revoked, for good. Register a new one.");
  }
  return { issuer, key };
}

/** Throws a 403 unless the issuer may issue from the campaign. */
export function checkIssuer({ issuer, key }: ReadIssuer, campaign: Allowance): void {
  if (mayIssue(campaign, issuer, key)) return;
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
