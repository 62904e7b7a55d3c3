import type { Address, Hex } from "viem";

import { registerProviderKey } from "@compute-credits/api/providers/providerKeys";
import { getDeployment } from "@compute-credits/api/deployment/deployment";
import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { type Balance, readBalance } from "../accounts/readBalance.ts";
import { type ProvenRow, readProof } from "../accounts/readProof.ts";
import { accept } from "../allowances/accept.ts";
import { endAcceptance } from "../allowances/endAcceptance.ts";
import { postAllowance } from "../allowances/postAllowance.ts";
import { type Allowances, readAllowances } from "../allowances/readAllowances.ts";
import { type Offers, readOffers } from "../allowances/readOffers.ts";
import { readReceipt } from "../checkpoints/readReceipt.ts";
import { type SignedReceipt, takeReceipt } from "../checkpoints/takeReceipt.ts";
import { CreditsError } from "../errors/creditsError.ts";
import { capture, type Capture } from "../holds/capture.ts";
import { hold } from "../holds/hold.ts";
import { release } from "../holds/release.ts";
import { claimAccess } from "../providers/claimAccess.ts";
import { type Outcome, type UsageCloudEvent, reportUsage } from "../usage/reportUsage.ts";
import type { SignedAcceptance } from "../wallet/signedAcceptance.ts";
import type { SignedAllowance } from "../wallet/signedAllowance.ts";
import { type Api, type Credentials, createApi } from "./api.ts";
import { pages } from "./pages.ts";

export type { Balance } from "../accounts/readBalance.ts";
export type { ProvenRow } from "../accounts/readProof.ts";
export type { SignedReceipt } from "../checkpoints/takeReceipt.ts";
export type { Outcome, UsageCloudEvent } from "../usage/reportUsage.ts";

/** An allowance as a server returns it. The caller must check the signature. */
export interface ShownAllowance {
  readonly allowance: AllowanceMessage;
  readonly signature: Hex;
  readonly revokedAt: Date | null;
}

/** Work for the holder of an API key, whose cost is set aside before it is done. */
export interface HoldRequest {
  /** the provider's own: the same request again has the same hold */
  readonly id: string;
  /** also gives the provider access to its spender */
  readonly apiKey: string;
  readonly meter: string;
  /** the most that the work takes, from 1 on */
  readonly quantity: number;
  readonly dimensions?: Readonly<Record<string, string>>;
  /** how long the hold lasts if it is neither captured nor released */
  readonly ttlSeconds: number;
}

/** What a capture cost, and whether it is the first outcome of one that is repeated. */
export type Captured = Pick<Capture, "costMicros" | "repeated">;

/** An account that has signed allowances for a spender, which has not accepted it. */
export type Offer = Offers["offers"][number];

/** A spender's word about an account: its API key, or its wallet's signature. */
export type SpenderWord = { readonly apiKey: string; readonly account: Address } | SignedAcceptance;

/**
 * The calls of a metering server that most programs need, with one object for all. Every method
 * rejects with `ApiProblem` on a refusal. Each is an action of its own, too, which bundlers keep
 * without the others.
 */
export interface MeteringClient {
  readonly api: Api;
  /** the block of the contract's deployment, which the server says; check it on the chain */
  deploymentBlock(): Promise<bigint>;
  /** Needs credentials of the account's owner, its view key, or the provider's key of the address. */
  balance(account: Address): Promise<Balance>;
  proof(party: Address): Promise<ProvenRow>;
  /**
   * Needs credentials of the account's owner or its view key. Lists the allowances that the owner
   * signed, oldest first, without the grants out of them.
   */
  allowances(account: Address): Promise<readonly ShownAllowance[]>;
  /**
   * Stores an allowance. With the spender's own API key it counts at once; otherwise once the
   * spender has accepted the account.
   */
  addAllowance(
    allowance: SignedAllowance,
    options?: { readonly apiKey?: string },
  ): Promise<{ id: Hex }>;
  /** Lets an account pay for a spender: its API key, or what its wallet signed. */
  accept(by: SpenderWord): Promise<void>;
  /** Ends that. Once answered, the account pays for nothing new; holds can still be captured. */
  endAcceptance(by: SpenderWord): Promise<void>;
  /** Lists up to 100 accounts that offer an API key credits and wait for its acceptance. */
  offers(apiKey: string): Promise<readonly Offer[]>;
  registerProviderKey(key: { provider: Address; keyHash: Hex; signature: Hex }): Promise<void>;
  /** Needs a provider's key: records that the holder of `apiKey` gave it access. */
  claimAccess(apiKey: string): Promise<void>;
  /** Needs a provider's key: sets the cost of work aside before the work is done. */
  hold(request: HoldRequest): Promise<void>;
  /** Needs a provider's key: charges what the work took, up to what is held; returns the rest. */
  capture(
    holdId: string,
    captured: { readonly eventId: string; readonly quantity: number },
  ): Promise<Captured>;
  /** Needs a provider's key: returns all that is held. */
  release(holdId: string): Promise<void>;
  /** Needs a provider's key: issues a receipt for all that the provider has earned so far. */
  receipt(): Promise<SignedReceipt>;
  /** Needs a provider's key: its last receipt again, as co-signers have signed it by now. */
  latestReceipt(): Promise<SignedReceipt>;
  /** Needs a provider's key: reports events and returns one outcome per event, in order. */
  reportUsage(events: readonly UsageCloudEvent[]): Promise<readonly Outcome[]>;
}

/**
 * Creates a typed client of a metering server. The credentials decide what it may read and do: a
 * provider's key charges, and the owner's wallet or a view key reads its account.
 */
export function createMeteringClient(url: string, credentials: Credentials = {}): MeteringClient {
  const api = createApi(url, credentials);

  return {
    api,
    deploymentBlock: async () => (await api.call(getDeployment, {})).deploymentBlock,
    balance: (account) => readBalance(api, { account }),
    proof: (party) => readProof(api, { party }),
    allowances: async (account) => {
      const all: ShownAllowance[] = [];
      const read = pages((page) => readAllowances(api, { account, limit: 100, ...page }));
      for await (const { allowances } of read) all.push(...allowances.map(asSigned));
      return all;
    },
    addAllowance: (signed, { apiKey } = {}) => postAllowance(api, { ...signed, apiKey }),
    async accept(by) {
      if ("apiKey" in by) await accept(api.as({ key: by.apiKey }), { account: by.account });
      else await accept(api, by);
    },
    async endAcceptance(by) {
      if ("apiKey" in by) await endAcceptance(api.as({ key: by.apiKey }), { account: by.account });
      else await endAcceptance(api, by);
    },
    async offers(apiKey) {
      const spender = apiKeySpender(apiKey);
      return (await readOffers(api.as({ key: apiKey }), { spender })).offers;
    },
    async registerProviderKey(key) {
      await api.call(registerProviderKey, { body: key });
    },
    async claimAccess(apiKey) {
      await claimAccess(api, { apiKey });
    },
    async hold(request) {
      await hold(api, request);
    },
    capture: (id, captured) => capture(api, { id, ...captured }),
    async release(id) {
      await release(api, { id });
    },
    receipt: () => takeReceipt(api),
    latestReceipt: () => readReceipt(api),
    reportUsage: (events) => reportUsage(api, { events }),
  };
}

/** Throws for an allowance without a signature: of those that an owner signed, each has one. */
function asSigned({
  allowance,
  signature,
  revokedAt,
}: Allowances["allowances"][number]): ShownAllowance {
  if (signature === null) {
    throw new CreditsError("the server lists an allowance without a signature", {
      reason: "unexpected_answer",
    });
  }
  return { allowance, signature, revokedAt };
}
