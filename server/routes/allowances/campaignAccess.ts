import type { Request } from "express";
import { type Address, hashTypedData } from "viem";

import {
  CAMPAIGN_ACCESS_SECONDS,
  campaignAccessTypedData,
} from "@compute-credits/protocol/messages/campaignAccess";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { OWNER, checkSignature } from "../../http/checkSignature.ts";
import { readSignedHeader } from "../../http/signedHeader.ts";

/**
 * The owner whose wallet signed `Authorization: CampaignAccess <address> <issuedAt> <signature>`;
 * `null` if the request has another scheme. Throws a 401 or 403 if the header is wrong.
 */
export async function readCampaignAccess(
  req: Request,
  chain: Pick<ChainReader, "deployment" | "signingOf">,
): Promise<Address | null> {
  const header = readSignedHeader(req, {
    scheme: "CampaignAccess",
    fields: "account, issuedAt",
    seconds: CAMPAIGN_ACCESS_SECONDS,
  });
  if (header === null) return null;
  const { address: account, issuedAt, signature } = header;
  const digest = hashTypedData(campaignAccessTypedData(chain.deployment, { account, issuedAt }));
  await checkSignature(chain, { signer: account, role: OWNER, digest, signature });
  return account;
}
