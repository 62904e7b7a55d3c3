import type { Address, Hex } from "viem";

import type { Account } from "../accounts/account.ts";
import type { Allowance, AllowanceUsage } from "../allowances/allowance.ts";
import { type Room, roomOf } from "./room.ts";

/** Reads the state before the charge. */
export interface TakingState {
  readonly account: (address: Address) => Account;
  /** renewed for the current period */
  readonly usage: (allowance: Allowance) => AllowanceUsage;
  /** `null` if the allowance is no grant */
  readonly campaignOf: (allowance: Allowance) => Allowance | null;
}

/**
 * The changes of one charge before it is known to succeed. What one allowance pays leaves less room
 * to the others of its account and campaign.
 */
export class Taking {
  readonly #state: TakingState;
  readonly #as: "spent" | "held";
  readonly accounts = new Map<Address, Account>();
  readonly usages = new Map<Hex, AllowanceUsage>();

  constructor(state: TakingState, as: "spent" | "held") {
    this.#state = state;
    this.#as = as;
  }

  /** The most that an allowance can still pay. */
  room(allowance: Allowance): Room {
    const campaign = this.#state.campaignOf(allowance);
    return roomOf({
      account: this.#account(allowance.message.account),
      allowance: { ...allowance, usage: this.#usage(allowance) },
      campaign:
        campaign === null ? null : { message: campaign.message, usage: this.#usage(campaign) },
    });
  }

  pay(allowance: Allowance, amountMicros: bigint): void {
    const { account: address } = allowance.message;
    const account = this.#account(address);
    this.accounts.set(address, {
      ...account,
      [this.#as]: account[this.#as] + amountMicros,
    });
    const campaign = this.#state.campaignOf(allowance);
    for (const budget of campaign === null ? [allowance] : [allowance, campaign]) {
      this.usages.set(budget.id, this.#reserve(this.#usage(budget), amountMicros));
    }
  }

  /** Takes back all payments. */
  reset(): void {
    this.accounts.clear();
    this.usages.clear();
  }

  /** Held credits count against the period at once, and against `spentMicros` when captured. */
  #reserve(usage: AllowanceUsage, amountMicros: bigint): AllowanceUsage {
    return {
      ...usage,
      periodSpentMicros: usage.periodSpentMicros + amountMicros,
      spentMicros: usage.spentMicros + (this.#as === "spent" ? amountMicros : 0n),
    };
  }

  #account(address: Address): Account {
    return this.accounts.get(address) ?? this.#state.account(address);
  }

  #usage(allowance: Allowance): AllowanceUsage {
    return this.usages.get(allowance.id) ?? this.#state.usage(allowance);
  }
}
