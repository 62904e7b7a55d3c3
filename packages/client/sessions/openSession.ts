import type { WalletClient } from "viem";

import type { AnswerBody } from "@compute-credits/api/route";
import { createNonce, signIn as route } from "@compute-credits/api/sessions/sessions";
import type { Api, CallOptions } from "../http/api.ts";
import { signIn } from "../wallet/signIn.ts";

/** A session, with the only copy of its token unless a cookie has it. */
export type SignedIn = AnswerBody<typeof route>;

export interface SessionOptions {
  /** shown in lists, at most 200 characters; by default the program's `User-Agent` */
  readonly label?: string;
  /** ends the session earlier than the server would */
  readonly expiresAt?: Date;
  /** `cookie` keeps the token from the page's scripts; `bearer`, if absent */
  readonly as?: "bearer" | "cookie";
}

/**
 * Signs a wallet in (EIP-4361) and opens a session. `createApi(url, { key: token })` then reads and
 * manages what is the wallet's own.
 */
export async function openSession(
  api: Api,
  wallet: WalletClient,
  { label, expiresAt, as }: SessionOptions = {},
  options?: CallOptions,
): Promise<SignedIn> {
  const { nonce, chainId } = await api.call(createNonce, {}, options);
  const ends = expiresAt === undefined ? {} : { expiresAt };
  const signed = await signIn(wallet, { url: api.url, nonce, chainId, ...ends });
  return await api.call(route, { body: { ...signed, label, as } }, options);
}
