import type { WalletClient } from "viem";
import { createSiweMessage } from "viem/siwe";

import { usable } from "../errors/usable.ts";
import { walletAccount } from "../chain/walletAccount.ts";
import { askWallet } from "./signing.ts";

export interface SignInRequest {
  /** of the server, or of the page that asks: its origin names what the wallet signs in to */
  readonly url: string;
  /** both are in the answer of `POST /v1/sessions/nonce` */
  readonly nonce: string;
  readonly chainId: number;
  /** ends the session earlier than the server would */
  readonly expiresAt?: Date;
}

/** Asks a wallet to sign in (EIP-4361): the body of `POST /v1/sessions`. */
export async function signIn(
  wallet: WalletClient,
  { url, nonce, chainId, expiresAt }: SignInRequest,
) {
  const account = walletAccount(wallet);
  const { host, origin, protocol } = usable(() => new URL(url));
  const fields = {
    scheme: protocol.slice(0, -1),
    domain: host,
    uri: origin,
    address: account.address,
    statement: "Sign in to compute credits. This costs nothing and spends nothing.",
    version: "1",
    chainId,
    nonce,
    issuedAt: new Date(),
    ...(expiresAt === undefined ? {} : { expirationTime: expiresAt }),
  } as const;
  const message = usable(() => createSiweMessage(fields));
  return { message, signature: await askWallet(() => wallet.signMessage({ account, message })) };
}
