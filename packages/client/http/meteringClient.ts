import { type Address, type Hex, isHex } from "viem";
import { z } from "zod";

import { ProblemJson } from "@compute-credits/protocol/json/problem";
import { AllowanceJson } from "@compute-credits/protocol/json/allowance";
import { RowJson } from "@compute-credits/protocol/json/checkpoint";
import { SignatureField } from "@compute-credits/protocol/json/fields";
import { SignedReceiptJson } from "@compute-credits/protocol/json/receipt";
import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { Row } from "@compute-credits/protocol/tree/row";
import { type Api, createApi } from "./api.ts";
import type { SignedAcceptance } from "../wallet/signedAcceptance.ts";
import type { SignedAllowance } from "../wallet/signedAllowance.ts";

const hex = z.custom<Hex>((value) => isHex(value));
const micros = z.string().transform(BigInt);

const Balance = z.object({
  account: hex,
  purchasedMicros: micros,
  spentMicros: micros,
  heldMicros: micros,
  refundingMicros: micros,
  refundedMicros: micros,
  availableMicros: micros,
  earnedMicros: micros,
  counter: micros,
  /** the last block whose purchases the balance includes */
  asOfBlock: micros,
});
export type Balance = z.output<typeof Balance>;

const Deployed = z.object({ deploymentBlock: micros });

const Proof = z.object({
  epoch: micros,
  root: hex,
  row: RowJson,
  proof: z.array(hex),
});
export interface ProvenRow {
  readonly epoch: bigint;
  readonly root: Hex;
  readonly row: Row;
  readonly proof: readonly Hex[];
}

const ShownAllowance = z.object({
  id: hex,
  allowance: AllowanceJson,
  signature: SignatureField,
  revokedAt: z.string().nullable(),
});
const AllowancePage = z.object({
  allowances: z.array(ShownAllowance),
  nextCursor: z.string().nullable(),
});

/** An allowance as a server returns it. The caller must check the signature. */
export interface ShownAllowance {
  readonly allowance: AllowanceMessage;
  readonly signature: Hex;
  readonly revokedAt: string | null;
}

/** The response of `POST /v1/receipts` and of `GET /v1/receipts/latest`. */
export type SignedReceipt = z.output<typeof SignedReceiptJson>;

const Outcome = z.object({
  id: z.string().nullable(),
  result: z.enum(["debited", "refused"]),
  costMicros: micros.optional(),
  repeated: z.boolean().optional(),
  problem: ProblemJson.optional(),
});
export type Outcome = z.output<typeof Outcome>;

/** A CloudEvent that reports usage; see `POST /v1/usage`. */
export interface UsageCloudEvent {
  readonly specversion: "1.0";
  readonly type: "compute-credits.usage.v1";
  readonly source: Address;
  readonly id: string;
  readonly time: string;
  readonly subject: Hex;
  readonly data: {
    readonly meter: string;
    readonly quantity: number | string;
    readonly dimensions?: Readonly<Record<string, string>>;
  };
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

const Captured = z.object({ costMicros: micros, repeated: z.boolean() });
export type Captured = z.output<typeof Captured>;

const Offer = z.object({
  account: hex,
  availableMicros: micros,
  allowances: z.number(),
  since: z.string(),
});
/** An account that has signed allowances for a spender, which has not accepted it. */
export type Offer = z.output<typeof Offer>;

/** A spender's word about an account: its API key, or its wallet's signature. */
export type SpenderWord = { readonly apiKey: string; readonly account: Address } | SignedAcceptance;

/** The calls of a metering server. Every method rejects with `ApiProblem` on a refusal. */
export interface MeteringClient {
  readonly api: Api;
  /** the block of the contract's deployment, which the server says; check it on the chain */
  deploymentBlock(): Promise<bigint>;
  balance(account: Address): Promise<Balance>;
  proof(party: Address): Promise<ProvenRow>;
  /** Lists the allowances that the owner signed, oldest first, without the grants out of them. */
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

/** Pages of 100 allowances. No account has so many, so a longer list would never end. */
const MAX_PAGES = 1_000;

/** Creates a typed client of a metering server. `key` is a provider's key. */
export function createMeteringClient(url: string, options: { key?: string } = {}): MeteringClient {
  const api = createApi(url, options);

  async function say(path: string, by: SpenderWord): Promise<void> {
    if (!("apiKey" in by)) await createApi(url).post(path, by);
    else await createApi(url, keyed(by.apiKey)).post(path, { account: by.account });
  }

  return {
    api,
    deploymentBlock: async () => Deployed.parse(await api.get("/v1/deployment")).deploymentBlock,
    balance: async (account) => Balance.parse(await api.get(`/v1/accounts/${account}`)),
    proof: async (party) => Proof.parse(await api.get(`/v1/accounts/${party}/proof`)),
    allowances: async (account) => {
      const all: ShownAllowance[] = [];
      let query = "limit=100";
      for (let page = 0; page < MAX_PAGES; page++) {
        // oxlint-disable-next-line no-await-in-loop -- each page names the next
        const answer = await api.get(`/v1/accounts/${account}/allowances?${query}`);
        const { allowances, nextCursor } = AllowancePage.parse(answer);
        all.push(...allowances);
        if (nextCursor === null) return all;
        query = `limit=100&cursor=${nextCursor}`;
      }
      throw new Error(`its list goes on after ${MAX_PAGES} pages`);
    },
    async addAllowance(allowance, { apiKey } = {}) {
      // Without the spender's key none is sent: a provider's is not the spender's.
      const answer = await createApi(url, keyed(apiKey)).post("/v1/allowances", allowance);
      return z.object({ id: hex }).parse(answer);
    },
    accept: (by) => say("/v1/acceptances", by),
    endAcceptance: (by) => say("/v1/acceptances/end", by),
    async offers(apiKey) {
      const path = `/v1/spenders/${apiKeySpender(apiKey)}/offers`;
      const answer = await createApi(url, keyed(apiKey)).get(path);
      return z.object({ offers: z.array(Offer) }).parse(answer).offers;
    },
    async registerProviderKey(key) {
      await api.post("/v1/provider-keys", key);
    },
    async claimAccess(apiKey) {
      await api.post("/v1/provider-access", { apiKey });
    },
    async hold(request) {
      await api.post("/v1/holds", request);
    },
    capture: async (holdId, captured) =>
      Captured.parse(await api.post(`/v1/holds/${encodeURIComponent(holdId)}/captures`, captured)),
    async release(holdId) {
      await api.post(`/v1/holds/${encodeURIComponent(holdId)}/release`, {});
    },
    receipt: async () => SignedReceiptJson.parse(await api.post("/v1/receipts", {})),
    latestReceipt: async () => SignedReceiptJson.parse(await api.get("/v1/receipts/latest")),
    async reportUsage(events) {
      const answer = await api.post("/v1/usage", events);
      return z.object({ outcomes: z.array(Outcome) }).parse(answer).outcomes;
    },
  };
}

function keyed(key: string | undefined): { key?: string } {
  return key === undefined ? {} : { key };
}
