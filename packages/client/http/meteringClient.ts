import type { Address, Hex } from "viem";

import { getAccount, getProof } from "@compute-credits/api/accounts/accounts";
import {
  acceptAccount,
  endAcceptance,
  listOffers,
} from "@compute-credits/api/allowances/acceptances";
import { addAllowance, listAllowances } from "@compute-credits/api/allowances/allowances";
import { grantProviderAccess } from "@compute-credits/api/providers/providerAccess";
import { registerProviderKey } from "@compute-credits/api/providers/providerKeys";
import { getLatestReceipt, issueReceipt } from "@compute-credits/api/checkpoints/receipts";
import { getDeployment } from "@compute-credits/api/deployment/deployment";
import { captureHold, openHold, releaseHold } from "@compute-credits/api/holds/holds";
import type { AnswerBody } from "@compute-credits/api/route";
import { reportUsage } from "@compute-credits/api/usage/usage";
import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { Row } from "@compute-credits/protocol/tree/row";
import { type Api, type Credentials, createApi } from "./api.ts";
import type { SignedAcceptance } from "../wallet/signedAcceptance.ts";
import type { SignedAllowance } from "../wallet/signedAllowance.ts";

export type Balance = AnswerBody<typeof getAccount>;

export interface ProvenRow {
  readonly epoch: bigint;
  readonly root: Hex;
  readonly row: Row;
  readonly proof: readonly Hex[];
}

/** An allowance as a server returns it. The caller must check the signature. */
export interface ShownAllowance {
  readonly allowance: AllowanceMessage;
  readonly signature: Hex;
  readonly revokedAt: Date | null;
}

/** The response of `POST /v1/receipts` and of `GET /v1/receipts/latest`. */
export type SignedReceipt = AnswerBody<typeof issueReceipt>;

/** What became of one event of a batch: what it cost, or why it was refused. */
export type Outcome = Extract<
  AnswerBody<typeof reportUsage>,
  { outcomes: unknown }
>["outcomes"][number];

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

/** What a capture cost, and whether it is the first outcome of one that is repeated. */
export type Captured = Pick<AnswerBody<typeof captureHold>, "costMicros" | "repeated">;

/** An account that has signed allowances for a spender, which has not accepted it. */
export type Offer = AnswerBody<typeof listOffers>["offers"][number];

/** A spender's word about an account: its API key, or its wallet's signature. */
export type SpenderWord = { readonly apiKey: string; readonly account: Address } | SignedAcceptance;

/** The calls of a metering server. Every method rejects with `ApiProblem` on a refusal. */
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

/** Pages of 100 allowances. No account has so many, so a longer list would never end. */
const MAX_PAGES = 1_000;

/**
 * Creates a typed client of a metering server. The credentials decide what it may read and do: a
 * provider's key charges, and the owner's wallet or a view key reads its account.
 */
export function createMeteringClient(url: string, credentials: Credentials = {}): MeteringClient {
  const api = createApi(url, credentials);

  async function say(route: typeof acceptAccount | typeof endAcceptance, by: SpenderWord) {
    if (!("apiKey" in by)) await createApi(url).call(route, { body: by });
    else await createApi(url, keyed(by.apiKey)).call(route, { body: { account: by.account } });
  }

  return {
    api,
    deploymentBlock: async () => (await api.call(getDeployment, {})).deploymentBlock,
    balance: (address) => api.call(getAccount, { params: { address } }),
    proof: (address) => api.call(getProof, { params: { address } }),
    allowances: async (address) => {
      const all: ShownAllowance[] = [];
      let query: { limit: number; cursor?: string } = { limit: 100 };
      for (let page = 0; page < MAX_PAGES; page++) {
        // oxlint-disable-next-line no-await-in-loop -- each page names the next
        const answer = await api.call(listAllowances, { params: { address }, query });
        const { allowances, nextCursor } = answer;
        all.push(...allowances.map(asSigned));
        if (nextCursor === null) return all;
        query = { limit: 100, cursor: nextCursor };
      }
      throw new Error(`its list goes on after ${MAX_PAGES} pages`);
    },
    async addAllowance(allowance, { apiKey } = {}) {
      // Without the spender's key none is sent: a provider's is not the spender's.
      return await createApi(url, keyed(apiKey)).call(addAllowance, { body: allowance });
    },
    accept: (by) => say(acceptAccount, by),
    endAcceptance: (by) => say(endAcceptance, by),
    async offers(apiKey) {
      const params = { spender: apiKeySpender(apiKey) };
      return (await createApi(url, keyed(apiKey)).call(listOffers, { params })).offers;
    },
    async registerProviderKey(key) {
      // Without credentials: the server knows none of this provider's keys yet.
      await createApi(url).call(registerProviderKey, { body: key });
    },
    async claimAccess(apiKey) {
      await api.call(grantProviderAccess, { body: { apiKey } });
    },
    async hold(request) {
      await api.call(openHold, { body: request });
    },
    capture: (id, captured) => api.call(captureHold, { params: { id }, body: captured }),
    async release(id) {
      await api.call(releaseHold, { params: { id }, body: {} });
    },
    receipt: () => api.call(issueReceipt, {}),
    latestReceipt: () => api.call(getLatestReceipt, {}),
    async reportUsage(events) {
      const answer = await api.call(reportUsage, { body: events });
      if (!("outcomes" in answer)) throw new Error("it answers a batch as if it were one event");
      return answer.outcomes;
    },
  };
}

/** Throws for an allowance without a signature: of those that an owner signed, each has one. */
function asSigned({
  allowance,
  signature,
  revokedAt,
}: AnswerBody<typeof listAllowances>["allowances"][number]): ShownAllowance {
  if (signature === null) throw new Error("it lists an allowance without a signature");
  return { allowance, signature, revokedAt };
}

function keyed(key: string | undefined): { key?: string } {
  return key === undefined ? {} : { key };
}
