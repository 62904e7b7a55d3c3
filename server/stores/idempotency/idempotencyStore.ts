import type { WriteFence } from "@compute-credits/platform/postgres/writeFence";

/** Which key a request carries. */
export interface IdempotencyKey {
  /** 32 bytes: a hash of the credentials, or of the signed body of a request without any */
  readonly caller: Uint8Array;
  /** 1 to 255 printable ASCII characters */
  readonly key: string;
}

export interface KeyedRequest extends IdempotencyKey {
  /** 32 bytes: a hash of method, path and body */
  readonly fingerprint: Uint8Array;
  /** 32 bytes: the party whose number of keys is bounded */
  readonly holder: Uint8Array;
}

/** A key that this server works on. `lease` is new for each claim. */
export interface ClaimedKey extends IdempotencyKey {
  readonly lease: string;
}

/** An answer as it was sent. */
export interface KeptAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export type ClaimOutcome =
  | { readonly result: "claimed"; readonly claimed: ClaimedKey }
  | { readonly result: "answered"; readonly answer: KeptAnswer }
  /** answered with a secret, which is not kept */
  | { readonly result: "secret"; readonly madeId: string }
  /** the key belongs to a request with another method, path or body */
  | { readonly result: "reused" }
  | { readonly result: "in_flight" }
  /** the holder has as many keys as it may */
  | { readonly result: "full"; readonly limit: number };

/** What is kept of an answer; `null`: nothing, so that the same request is handled again. */
export type Keeping = KeptAnswer | { readonly madeId: string } | null;

/** Thrown by the fence of a key that another server took over: the transaction is rolled back. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

/** Keys of requests that are answered once. All times are the database's. */
export interface IdempotencyStore {
  /**
   * Claims the key for one server, or says what there is of it. A claim ends by `finish`, or, if
   * its server crashed, after `LEASE_SECONDS`.
   */
  claim(request: KeyedRequest): Promise<ClaimOutcome>;
  /**
   * Notes in a transaction that the request of this key has an effect. It throws `LeaseLost` unless
   * the claim is still this one.
   */
  fenceOf(claimed: ClaimedKey): WriteFence;
  /**
   * Ends a claim. With nothing to keep, a key without an effect is forgotten; one with an effect
   * stays for the same request, which is then handled again.
   */
  finish(claimed: ClaimedKey, keeping: Keeping): Promise<void>;
  /** Deletes at most `limit` keys that were kept long enough. Returns how many it deleted. */
  deleteOld(limit: number): Promise<number>;
}

/**
 * Longer than any request takes: a bulk write waits for 30 s at most. A takeover in spite of that
 * is harmless, because the fence refuses the first server's effect.
 */
export const LEASE_SECONDS = 60;
