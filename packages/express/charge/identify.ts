import { verifyRequest } from "@slicekit/erc8128";
import type { Address, Hex } from "viem";
import { verifyMessage } from "viem/utils";

import { keyKindOf } from "@compute-credits/protocol/messages/keyKind";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { Caller } from "./caller.ts";
import { type Refusal, refusal } from "./refusal.ts";

/** A request as the frameworks' adapters show it. */
export interface Incoming {
  readonly method: string;
  /** path and query, as they were sent */
  readonly target: string;
  readonly header: (name: string) => string | undefined;
  /** the bytes of the body as they were sent; `null` without one, `undefined` if they are lost */
  readonly body: () => Promise<Uint8Array<ArrayBuffer> | null | undefined>;
}

/** How wallets sign requests to this service. */
export interface WalletOptions {
  /**
   * the service's own address as its callers know it, such as `https://api.example`. A request that
   * was signed for another service is refused, so it must not come from the header `Host`.
   */
  readonly origin: string;
  /** of the vault's chain */
  readonly chainId: number;
  /** by default of accounts with a key; `publicClient.verifyMessage` of viem also asks contracts */
  readonly verifyMessage?: (signed: SignedText) => Promise<boolean>;
}

export interface SignedText {
  readonly address: Address;
  readonly message: { readonly raw: Hex };
  readonly signature: Hex;
}

/** Seconds that a signature may be valid, and that clocks may differ. */
const LONGEST_VALIDITY_SECONDS = 300;
const CLOCK_SKEW_SECONDS = 5;

/**
 * Finds out who asks: the holder of an API key (`Authorization: Bearer`, or `x-api-key` as
 * Anthropic's clients send it), or a wallet that signed the request (ERC-8128: RFC 9421 with an
 * Ethereum account). The metering server checks a key with the hold, and a signature is checked here.
 */
export async function identify(
  incoming: Incoming,
  wallets: WalletOptions | null,
): Promise<Caller | Refusal> {
  if (incoming.header("signature-input") !== undefined) {
    return wallets === null
      ? invalidSignature("This service takes API keys only.")
      : await signerOf(incoming, wallets);
  }
  const [, bearer] = /^bearer +(\S+) *$/i.exec(incoming.header("authorization") ?? "") ?? [];
  const apiKey = bearer ?? incoming.header("x-api-key")?.trim();
  if (apiKey === undefined || !isApiKey(apiKey)) return missingCredentials();
  return { kind: "key", apiKey };
}

async function signerOf(
  incoming: Incoming,
  { origin, chainId, verifyMessage: verify = verifyMessage }: WalletOptions,
): Promise<Caller | Refusal> {
  const body = await incoming.body();
  if (body === undefined) {
    return refusal(
      401,
      "body_not_kept",
      "This service does not keep the bytes of a body, so it cannot check your signature of them. " +
        "Send an API key.",
    );
  }
  const result = await verifyRequest({
    request: signedRequest(incoming, { origin, body }),
    verifyMessage: verify,
    // The ledger remembers a request that was served by the id of its hold.
    nonceStore: { consume: () => Promise.resolve(true) },
    policy: { maxValiditySec: LONGEST_VALIDITY_SECONDS, clockSkewSec: CLOCK_SKEW_SECONDS },
  });
  if (!result.ok) return invalidSignature(`The signature is refused (${result.reason}).`);
  if (result.chainId !== chainId) {
    return invalidSignature(`The signature is for chain ${result.chainId}, not ${chainId}.`);
  }
  const key = incoming.header("idempotency-key");
  // A key that is not signed could be changed by others, who would so have the work charged again.
  const isSigned = key !== undefined && result.components.includes("idempotency-key");
  const requestId = isSigned ? `key ${key}` : `nonce ${result.params.nonce ?? ""}`;
  return { kind: "wallet", address: lowercaseHex(result.address), requestId };
}

function signedRequest(
  { method, target, header }: Incoming,
  { origin, body }: { readonly origin: string; readonly body: Uint8Array<ArrayBuffer> | null },
): Request {
  const headers = new Headers();
  for (const name of namesSigned(header("signature-input") ?? "")) {
    const value = header(name);
    if (value !== undefined) headers.set(name, value);
  }
  return new Request(new URL(target, origin), { method, headers, body });
}

/** The fields that signatures cover, besides the signatures themselves. */
function namesSigned(signatureInput: string): Set<string> {
  const names = Array.from(
    signatureInput.matchAll(/"([a-z0-9-]{1,64})"/g),
    ([, name = ""]) => name,
  );
  return new Set(["signature-input", "signature", "content-digest", ...names]);
}

/** A key of another kind is a secret that must not be shown to a provider. */
function isApiKey(text: string): boolean {
  const kind = keyKindOf(text);
  return (kind === null || kind === "spender") && /^[\x21-\x7e]{16,256}$/.test(text);
}

function missingCredentials(): Refusal {
  return refusal(
    401,
    "missing_credentials",
    "Send your API key (cck_…) as Authorization: Bearer, or sign the request with your wallet " +
      "(ERC-8128).",
    { headers: { "www-authenticate": "Bearer" } },
  );
}

function invalidSignature(why: string): Refusal {
  return refusal(
    401,
    "invalid_signature",
    `${why} Sign the method, the address, the query and the digest of the body (ERC-8128), with a ` +
      "nonce, for at most five minutes.",
    { headers: { "www-authenticate": "Bearer" } },
  );
}
