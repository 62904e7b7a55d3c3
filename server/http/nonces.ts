import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import type { Hex } from "viem";

import { SIGN_IN_SECONDS } from "@compute-credits/rules/sessions/signIn";

export interface Nonce {
  /** 16 random bytes, which are used once */
  readonly id: Hex;
  readonly expiresAt: Date;
}

/**
 * Nonces for signing in. A nonce carries its end and a code of the servers' common secret, so that
 * strangers who ask for nonces make no server store anything. viem's `generateSiweNonce` is not
 * used: it takes its bits from `Math.random`.
 */
export interface Nonces {
  issue(): { readonly nonce: string; readonly expiresAt: Date };
  /** Reads a nonce; `null` if no server of this database issued it, or it is over. */
  read(nonce: string): Nonce | null;
}

const FORM = /^([0-9a-f]{32})([0-9a-f]{8})([0-9a-f]{32})$/;

export function createNonces(secret: Hex, now: () => number = Date.now): Nonces {
  const codeOf = (text: string) =>
    createHmac("sha256", Buffer.from(secret.slice(2), "hex"))
      .update(text)
      .digest()
      .subarray(0, 16);

  return {
    issue() {
      const end = Math.floor(now() / 1_000) + SIGN_IN_SECONDS;
      const text = randomBytes(16).toString("hex") + end.toString(16).padStart(8, "0");
      return {
        nonce: text + codeOf(text).toString("hex"),
        expiresAt: new Date(end * 1_000),
      };
    },

    read(nonce) {
      const [, id, end, code] = FORM.exec(nonce) ?? [];
      if (id === undefined || end === undefined || code === undefined) return null;
      if (!timingSafeEqual(codeOf(id + end), Buffer.from(code, "hex"))) return null;
      const expiresAt = new Date(Number.parseInt(end, 16) * 1_000);
      return expiresAt.getTime() > now() ? { id: `0x${id}`, expiresAt } : null;
    },
  };
}
