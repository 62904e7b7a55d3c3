import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

import type { Hex } from "viem";

/** A secret as the database has it. */
export interface SealedSecret {
  /** nonce, tag and ciphertext */
  readonly bytes: Hex;
  /** names the key, and says nothing about it */
  readonly keyId: string;
}

/**
 * Encrypts the secrets of webhooks (AES-256-GCM) under keys that the database does not have. The
 * endpoint's id is authenticated too, so that one endpoint's secret cannot be put in another's row.
 */
export interface SecretSealer {
  /** the key that new secrets are sealed with */
  readonly keyId: string;
  seal(secret: string, endpoint: string): SealedSecret;
  /** `null` if the server does not have the key, or the bytes were changed */
  open(sealed: SealedSecret, endpoint: string): string | null;
}

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_CHARACTERS = 16;

/** Seals with the first key; opens with any. Keys are 32 bytes. */
export function createSecretSealer(keys: readonly [Buffer, ...Buffer[]]): SecretSealer {
  const byId = new Map(keys.map((key) => [idOf(key), key]));
  const [first] = keys;
  const keyId = idOf(first);
  return {
    keyId,

    seal(secret, endpoint) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, first, nonce).setAAD(Buffer.from(endpoint));
      const sealed = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
      const bytes = Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
      return { bytes: `0x${bytes.toString("hex")}`, keyId };
    },

    open({ bytes, keyId: id }, endpoint) {
      const key = byId.get(id);
      if (key === undefined) return null;
      const all = Buffer.from(bytes.slice(2), "hex");
      const nonce = all.subarray(0, NONCE_BYTES);
      const tag = all.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      try {
        const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(endpoint))
          .setAuthTag(tag);
        const sealed = all.subarray(NONCE_BYTES + TAG_BYTES);
        return Buffer.concat([decipher.update(sealed), decipher.final()]).toString("utf8");
      } catch {
        return null;
      }
    },
  };
}

function idOf(key: Buffer): string {
  return createHash("sha256").update(key).digest("hex").slice(0, KEY_ID_CHARACTERS);
}

const SECRET_BYTES = 32;

/** A new secret as Standard Webhooks writes it. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString("base64")}`;
}
