import { readFile } from "node:fs/promises";

import {
  type JWTVerifyGetKey,
  type JSONWebKeySet,
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  jwtVerify,
} from "jose";
import { z } from "zod";

import { ConfigError } from "@compute-credits/platform/process/environment";
import { attestationNonce } from "@compute-credits/protocol/messages/usageEvidence";
import type { Attested } from "./stores/evidence/evidenceStore.ts";

/** What an operator asks of attestation tokens. */
export interface AttestationSettings {
  /** a file, or an https URL, of the issuer's keys (JWKS) */
  readonly jwks: string;
  readonly issuer: string;
}

/** Checks attestation tokens of evidence. */
export interface AttestationHook {
  /** What a token shows; "refused" if it is not of the issuer, not of now, or says no. */
  check(
    token: string,
    event: { readonly provider: `0x${string}`; readonly eventId: string },
  ): Promise<Attested | "refused">;
}

/** NVIDIA signs with ES384. A token never chooses its own algorithm. */
const ALGORITHMS = ["ES384"];

/** Seconds by which clocks may differ. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** An issuer has a handful of keys. */
const MAX_JWKS_BYTES = 256 * 1_024;

const REMOTE = { timeoutDuration: 5_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 };

/** NVIDIA's overall token: the nonce it was asked with, and whether every device passed. */
const Claims = z.object({
  eat_nonce: z.string().max(1_024).optional(),
  "x-nvidia-overall-att-result": z.literal(true),
  exp: z.number().max(1e11),
});

/**
 * Opens the hook. Keys in a file are read once; those at a URL are kept for ten minutes, and asked
 * for again at most every 30 seconds if a token names another key.
 */
export async function openAttestationHook({
  jwks,
  issuer,
}: AttestationSettings): Promise<AttestationHook> {
  const keys = /^https?:/.test(jwks) ? remoteKeys(new URL(jwks)) : await fileKeys(jwks);
  return {
    async check(token, event) {
      try {
        const { payload } = await jwtVerify(token, keys, {
          algorithms: ALGORITHMS,
          issuer,
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          requiredClaims: ["iss", "exp", "iat"],
        });
        const claims = Claims.safeParse(payload);
        if (!claims.success) return "refused";
        const { eat_nonce: nonce, exp } = claims.data;
        return {
          verified: true,
          issuer,
          nonceIsOfEvent:
            nonce?.toLowerCase().replace(/^0x/, "") === attestationNonce(event).slice(2),
          expiresAt: new Date(exp * 1_000),
        };
      } catch (error) {
        // No charge waits for an issuer: the evidence is recorded as one that nobody checked.
        if (isUnavailable(error)) {
          return { verified: false, issuer: null, nonceIsOfEvent: false, expiresAt: null };
        }
        return "refused";
      }
    },
  };
}

/** The issuer's keys did not come, or are none. */
class KeysUnavailable extends Error {
  override readonly name = "KeysUnavailable";
}

function remoteKeys(url: URL): JWTVerifyGetKey {
  return createRemoteJWKSet(url, { ...REMOTE, [customFetch]: fetchBounded });
}

/** Reads at most `MAX_JWKS_BYTES`, and follows no redirect. */
async function fetchBounded(url: string, init: RequestInit): Promise<Response> {
  try {
    const { status, body } = await fetch(url, { ...init, redirect: "manual" });
    if (status !== 200 || body === null) throw new Error(`the answer is ${status}`);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > MAX_JWKS_BYTES) throw new Error("the answer is too long");
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString("utf8");
    JSON.parse(text);
    return new Response(text);
  } catch (cause) {
    throw new KeysUnavailable("the issuer's keys cannot be read", { cause });
  }
}

async function fileKeys(path: string): Promise<JWTVerifyGetKey> {
  try {
    const text = await readFile(path, "utf8");
    if (text.length > MAX_JWKS_BYTES) throw new Error("it is too long");
    const keys: JSONWebKeySet = JSON.parse(text);
    return createLocalJWKSet(keys);
  } catch (cause) {
    throw new ConfigError(`ATTESTATION_JWKS ${path} is no file of keys (JWKS)`, { cause });
  }
}

/** Whether the issuer's keys could not be read, so that nothing is known of the token. */
function isUnavailable(error: unknown): boolean {
  return (
    error instanceof KeysUnavailable ||
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid
  );
}
