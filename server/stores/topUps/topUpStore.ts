import type { Address, Hex } from "viem";

import type { TopUpPolicyMessage } from "@compute-credits/protocol/messages/topUpPolicy";
import type { TopUpTerms } from "@compute-credits/rules/topUps/decideTopUp";

/** Why a policy buys nothing any more. */
export type StoppedAs = "owner" | "revoked" | "expired" | "used_up" | "refusals";

/** A signed policy and what the account's owner asks of the keeper. */
export interface NewPolicy {
  readonly id: Hex;
  readonly message: TopUpPolicyMessage;
  readonly signature: Hex;
  readonly terms: TopUpTerms;
}

export interface StoredPolicy extends NewPolicy {
  readonly addedAt: Date;
  readonly isFilling: boolean;
  /** how many top-ups were begun */
  readonly begun: number;
  /** in a row */
  readonly refusals: number;
  readonly refusedAt: Date | null;
  readonly refusal: string | null;
  readonly retryAt: Date | null;
  readonly stoppedAt: Date | null;
  readonly stoppedAs: StoppedAs | null;
}

/** One purchase by a policy: bound to one nonce of the keeper's wallet. */
export interface TopUp {
  readonly policy: Hex;
  /** the policy's first is 1 */
  readonly number: number;
  readonly wallet: Address;
  /** `null`: it ended before anything was sent */
  readonly nonce: bigint | null;
  readonly begunAt: Date;
  readonly attempts: number;
  readonly sentAt: Date | null;
  readonly state: "open" | "bought" | "refused" | "cancelled";
  readonly transactionHash: Hex | null;
  readonly blockNumber: bigint | null;
  readonly endedAt: Date | null;
}

export type OpenTopUp = TopUp & { readonly nonce: bigint };

/** How a top-up ended in a block. */
export interface MinedEnd {
  readonly state: "bought" | "refused" | "cancelled";
  readonly transactionHash: Hex | null;
  readonly blockNumber: bigint | null;
}

/** Why the chain does not take a top-up, and what follows. */
export interface PolicyRefusal {
  readonly message: string;
  /** `null`: it waits */
  readonly stop: StoppedAs | null;
  /** waits until then; `null`: longer with each refusal */
  readonly until: Date | null;
}

/** The signed policies, and the purchases of the keeper. */
export interface TopUpStore {
  /** Adds a policy, or returns the one with this id. `null`: the account has its maximum. */
  add(policy: NewPolicy, most: number): Promise<StoredPolicy | null>;
  policiesOf(account: Address): Promise<readonly StoredPolicy[]>;
  policy(id: Hex): Promise<StoredPolicy | null>;
  /** the last top-ups of these policies, newest first, so many of each */
  topUpsOf(policies: readonly Hex[], each: number): Promise<readonly TopUp[]>;
  /** Ends it for good, in the server. `null`: the account has no such policy. */
  stop(account: Address, id: Hex): Promise<StoredPolicy | null>;

  /** Policies whose look is due and that have no open top-up, the longest wait first. */
  takeDue(keeper: Address, most: number, afterSeconds: number): Promise<readonly StoredPolicy[]>;
  /** Notes that topping up has ended, unless a top-up was begun since it was decided. */
  rest(policy: Pick<StoredPolicy, "id" | "begun">): Promise<void>;
  /**
   * Begins a top-up with this nonce, unless one was begun since it was decided, the policy was
   * stopped, or the nonce is another's. Returns whether it did.
   */
  begin(
    policy: Pick<StoredPolicy, "id" | "begun">,
    place: { readonly wallet: Address; readonly nonce: bigint },
  ): Promise<boolean>;
  /** the wallet's open top-ups, by nonce */
  open(wallet: Address): Promise<readonly OpenTopUp[]>;
  /**
   * Reserves an attempt: nothing may be sent without. False if it ended, or if somebody sent it
   * less than `patienceMs` ago.
   */
  reserve(topUp: OpenTopUp, patienceMs: number): Promise<boolean>;
  /** Ends one of which nothing was sent, and gives its nonce back. False if something was. */
  release(topUp: OpenTopUp, state: "refused" | "cancelled"): Promise<boolean>;
  /** Ends one by what stands in a confirmed block. Does nothing if it has ended. */
  end(topUp: OpenTopUp, end: MinedEnd): Promise<void>;
  /** Notes a refusal: the policy waits, or stops. Tells webhooks of the first in a row, and of a stop. */
  refused(id: Hex, refusal: PolicyRefusal): Promise<void>;
}
