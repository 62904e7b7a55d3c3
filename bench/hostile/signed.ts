import { randomBytes } from "node:crypto";

import { type Address, type Hex, bytesToHex, maxUint64 } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import { createApiKey, createProviderKey } from "@compute-credits/client/wallet/apiKey";
import {
  type AllowanceMessage,
  allowanceTypedData,
  scopeHash,
} from "@compute-credits/protocol/messages/allowance";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { logAccessTypedData } from "@compute-credits/protocol/messages/logAccess";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { type Request, get, post } from "./requests.ts";

/** What attacks sign. Signing takes milliseconds, so it is done before the clock runs. */

const NO_SCOPE = { providers: [], meters: [] };
const SCOPE = scopeHash(NO_SCOPE);

type Owner = ReturnType<typeof privateKeyToAccount>;

/** A wallet that is new to the server. */
export const newOwner = (): Owner => privateKeyToAccount(generatePrivateKey());

/** The body of `POST /v1/allowances`, without a limit. */
export async function signedAllowance(
  deployment: Deployment,
  account: Owner,
  { spender, salt = 1n }: { readonly spender: Hex; readonly salt?: bigint },
) {
  const message: AllowanceMessage = {
    account: account.address,
    spender,
    limit: maxUint64,
    period: 0n,
    rollover: 0n,
    startsAt: 0n,
    expiresAt: 0n,
    priority: 0,
    scope: SCOPE,
    accountCap: maxUint64,
    counter: 0n,
    salt,
  };
  const signature = await account.signTypedData(allowanceTypedData(deployment, message));
  return { allowance: message, scope: NO_SCOPE, signature };
}

/** Posts `count` allowances, each made by `sign`. */
export async function allowances(
  count: number,
  sign: (n: number) => ReturnType<typeof signedAllowance>,
): Promise<Request[]> {
  const requests: Request[] = [];
  for (let n = 0; n < count; n++) {
    // oxlint-disable-next-line no-await-in-loop -- signing is one processor's work anyway
    requests.push(post("/v1/allowances", await sign(n)));
  }
  return requests;
}

/** Wallets that register themselves as providers. */
export async function newProviders(deployment: Deployment, count: number): Promise<Request[]> {
  const requests: Request[] = [];
  for (let n = 0; n < count; n++) {
    const account = newOwner();
    const message = { provider: account.address, keyHash: apiKeySpender(createProviderKey()) };
    // oxlint-disable-next-line no-await-in-loop -- signing is one processor's work anyway
    const signature = await account.signTypedData(providerKeyTypedData(deployment, message));
    requests.push(post("/v1/provider-keys", { ...message, signature }));
  }
  return requests;
}

/** Signatures that no key made, so that the chain is asked whether a wallet did. */
export function badSignatures(count: number, provider: Address): Request[] {
  return Array.from({ length: count }, () =>
    post("/v1/provider-access/revocation", {
      provider,
      spender: bytesToHex(randomBytes(20)),
      signature: `${bytesToHex(randomBytes(32))}${"11".repeat(32)}1b`,
    }),
  );
}

/** Reads of the log by wallets that may not read it. */
export async function logReads(deployment: Deployment, count: number): Promise<Request[]> {
  const issuedAt = BigInt(Math.floor(Date.now() / 1_000));
  const requests: Request[] = [];
  for (let n = 0; n < count; n++) {
    const account = newOwner();
    const message = { reader: account.address, issuedAt };
    // oxlint-disable-next-line no-await-in-loop -- signing is one processor's work anyway
    const signature = await account.signTypedData(logAccessTypedData(deployment, message));
    requests.push({
      ...get("/v1/log"),
      headers: { authorization: `LogAccess ${account.address} ${issuedAt} ${signature}` },
    });
  }
  return requests;
}

export const apiKeys = (count: number): string[] =>
  Array.from({ length: count }, () => createApiKey());
