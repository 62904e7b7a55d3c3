import type { Request } from "express";
import { type Address, type Hex, hashTypedData } from "viem";

import { acceptanceTypedData } from "@compute-credits/protocol/messages/acceptance";
import {
  type SpenderId,
  apiKeySpender,
  walletSpender,
} from "@compute-credits/protocol/messages/spender";
import type { AcceptanceProof } from "@compute-credits/rules/acceptances/acceptance";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { bearerKey } from "./authentication.ts";
import { checkSignature } from "./checkSignature.ts";
import { fail } from "./problem.ts";

/** What a spending wallet sends instead of a key: its `Acceptance` message. */
interface WalletProof {
  readonly spender: Address;
  readonly signedAt: bigint;
  readonly signature: Hex;
}

export interface ProvenSpender {
  readonly spender: SpenderId;
  readonly proof: AcceptanceProof;
}

/**
 * The spender that speaks for itself about an account: the wallet that signed, or else the API key
 * in the header. Throws a 401 without a key, and a 403 if the wallet did not sign.
 */
export async function provenSpender(
  req: Request,
  chain: Pick<ChainReader, "deployment" | "signingOf">,
  {
    account,
    accepted,
    wallet,
  }: { account: Address; accepted: boolean; wallet: WalletProof | null },
): Promise<ProvenSpender> {
  if (wallet === null) {
    return { spender: apiKeySpender(bearerKey(req, "spender")), proof: { how: "key" } };
  }
  const { signedAt, signature } = wallet;
  const spender = walletSpender(wallet.spender);
  const message = { spender, account, accepted, signedAt };
  const digest = hashTypedData(acceptanceTypedData(chain.deployment, message));
  await checkSignature(chain, { signer: wallet.spender, role: "the spender", digest, signature });
  return { spender, proof: { how: "wallet", signature, signedAt } };
}

export function notTheSpender() {
  return fail(
    403,
    "not_the_spender",
    "The key in the header is not the spender's. Send the spender's own key, or none.",
  );
}
