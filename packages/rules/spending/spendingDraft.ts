import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import { type Account, fundWaitingRefund } from "../accounts/account.ts";
import type { Allowance, AllowanceUsage } from "../allowances/allowance.ts";
import { inBurnDownOrder } from "../allowances/burnDownOrder.ts";
import { periodIndexAt, renewUsage } from "../allowances/period.ts";
import {
  type AllowanceObstacle,
  type ChargeRequest,
  findObstacle,
  hasEnded,
} from "../allowances/usability.ts";
import { type Charge, type FoundCharges, type PricedWork, findCharges } from "./findCharges.ts";
import type { CreditShortage } from "./room.ts";
import { Taking } from "./taking.ts";

/** The state that spending depends on, read under the accounts' locks. */
export interface SpendingState {
  readonly now: Date;
  readonly accounts: ReadonlyMap<Address, Account>;
  /** all allowances of the spenders */
  readonly allowances: readonly Allowance[];
  /** the campaigns of the grants among `allowances` */
  readonly campaigns: readonly Allowance[];
  readonly hasAccess: (spender: SpenderId, provider: Address) => boolean;
}

export interface Shortage {
  readonly reason: CreditShortage;
  /** the account that reached the limit */
  readonly account: Address;
  /** what all allowances together can pay */
  readonly availableMicros: bigint;
  /** that, and what the rest costs at the account's own price */
  readonly neededMicros: bigint;
  /** held in that account; some of it may return */
  readonly heldMicros: bigint;
}

export type UsabilityRefusal = {
  readonly reason:
    | AllowanceObstacle
    | "allowance_not_found"
    /** only allowances of accounts that the spender has not accepted, which no decision reads */
    | "account_not_accepted";
};

/**
 * A working copy of accounts and allowances. Decisions change it one by one; the caller writes its
 * `changes` at the end. No decision takes an account below zero (I1), an allowance or campaign over
 * its limit, or an account over the cap that its owner signed (I4). What a contract wallet signed
 * counts up to the cap that the court has on record.
 */
export class SpendingDraft {
  readonly #state: SpendingState;
  readonly #bySpender: ReadonlyMap<SpenderId, readonly Allowance[]>;
  #byId: ReadonlyMap<Hex, Allowance> | undefined;
  #accounts = new Map<Address, Account>();
  #usages = new Map<Hex, AllowanceUsage>();

  constructor(state: SpendingState) {
    this.#state = state;
    this.#bySpender = inBurnDownOrder(state.allowances);
  }

  get now(): Date {
    return this.#state.now;
  }

  /** The new state of each changed account and allowance. */
  get changes(): {
    accounts: ReadonlyMap<Address, Account>;
    usages: ReadonlyMap<Hex, AllowanceUsage>;
  } {
    return { accounts: this.#accounts, usages: this.#usages };
  }

  /** The allowances that may pay, in burn-down order, or the reason why none may. */
  usable({ provider, spender, meter }: ChargeRequest): readonly Allowance[] | UsabilityRefusal {
    const all = this.#bySpender.get(spender);
    if (all === undefined) return { reason: "allowance_not_found" };
    const hasAccess = this.#state.hasAccess(spender, provider);

    const usable: Allowance[] = [];
    let reason: AllowanceObstacle | null = null;
    for (const allowance of all) {
      const found = this.#obstacle(allowance, { provider, meter }, hasAccess);
      if (found === null) usable.push(allowance);
      // Reports the obstacle of the allowance that would have paid last, which is often the only
      // one.
      else reason = found;
    }
    return usable.length === 0 && reason !== null ? { reason } : usable;
  }

  /** Remembers the state as it is now. Call the result to take all later changes back. */
  mark(): () => void {
    const accounts = new Map(this.#accounts);
    const usages = new Map(this.#usages);
    return () => {
      this.#accounts = accounts;
      this.#usages = usages;
    };
  }

  /** Why an allowance may not pay for a request now; `null` if it may, whatever the amount. */
  obstacle(id: Hex, { provider, spender, meter }: ChargeRequest): UsabilityRefusal | null {
    const allowance = this.#bySpender.get(spender)?.find((each) => each.id === id);
    // Only allowances that count are read by spender.
    if (allowance === undefined) return { reason: "account_not_accepted" };
    const hasAccess = this.#state.hasAccess(spender, provider);
    const reason = this.#obstacle(allowance, { provider, meter }, hasAccess);
    return reason === null ? null : { reason };
  }

  #obstacle(
    allowance: Allowance,
    request: Pick<ChargeRequest, "provider" | "meter">,
    hasAccess: boolean,
  ): AllowanceObstacle | null {
    const { counter } = this.#account(allowance.message.account);
    return (
      findObstacle(allowance, request, { hasAccess, now: this.now, counter }) ??
      // A grant's time, scope and counter lie within its campaign's by construction.
      (isRevoked(this.#campaignOf(allowance)) ? "campaign_revoked" : null)
    );
  }

  /** Charges work to the candidates in their order, or changes nothing and returns the shortage. */
  take(
    candidates: readonly Allowance[],
    work: PricedWork,
    as: "spent" | "held",
  ): FoundCharges | Shortage {
    const found = this.find(candidates, work, as);
    if ("make" in found) found.make();
    return found;
  }

  /** Finds what `take` would charge. Changes nothing before `make` is called. */
  find(
    candidates: readonly Allowance[],
    work: PricedWork,
    as: "spent" | "held",
  ): (FoundCharges & { readonly make: () => void }) | Shortage {
    const taking = this.#taking(as);
    const found = findCharges(taking, candidates, work);
    if ("reason" in found) {
      const { reason, allowance, availableMicros, neededMicros } = found;
      const { address: account, held: heldMicros } = this.#account(allowance.message.account);
      return { reason, account, availableMicros, neededMicros, heldMicros };
    }
    const { charges, costMicros, shares } = found;
    const make = () => {
      for (const [address, account] of taking.accounts) this.#accounts.set(address, account);
      for (const [id, usage] of taking.usages) this.#usages.set(id, usage);
    };
    return { charges, costMicros, shares, make };
  }

  /**
   * What the allowances of these charges can still pay together, in burn-down order as the next
   * charge takes them: caps of one account make the order matter. One that has ended pays no more;
   * scopes and access are left aside, because they paid before.
   */
  remainingMicros(charges: readonly Pick<Charge, "allowance">[]): bigint {
    const taking = this.#taking("held");
    const ids = new Set(charges.map(({ allowance }) => allowance));
    const found = [...ids].map((id) => this.#allowance(id));
    const payers = found.length > 1 ? [...inBurnDownOrder(found).values()].flat() : found;
    let micros = 0n;
    for (const allowance of payers) {
      if (this.#hasEnded(allowance)) continue;
      const { amountMicros } = taking.room(allowance);
      micros += amountMicros;
      // What one allowance can pay, the others of its account and campaign cannot.
      if (payers.length > 1) taking.pay(allowance, amountMicros);
    }
    return micros;
  }

  #hasEnded(allowance: Allowance): boolean {
    const { counter } = this.#account(allowance.message.account);
    return (
      hasEnded(allowance, { now: this.now, counter }) || isRevoked(this.#campaignOf(allowance))
    );
  }

  #taking(as: "spent" | "held"): Taking {
    return new Taking(
      {
        account: (address) => this.#account(address),
        usage: (allowance) => this.#usage(allowance),
        campaignOf: (allowance) => this.#campaignOf(allowance),
      },
      as,
    );
  }

  /** Turns `capturedMicros` of held credits into spent ones, and returns `returnedMicros`. */
  resolveHeld(
    { account: address, allowance: id }: Pick<Charge, "account" | "allowance">,
    {
      capturedMicros,
      returnedMicros,
      heldAt,
    }: { capturedMicros: bigint; returnedMicros: bigint; heldAt: Date },
  ): void {
    const account = this.#account(address);
    const held = account.held - capturedMicros - returnedMicros;
    const spent = account.spent + capturedMicros;
    this.#accounts.set(address, fundWaitingRefund({ ...account, held, spent }, returnedMicros));
    this.#giveBack(id, { takenAt: heldAt, returnedMicros, spentMicros: capturedMicros });
  }

  /** Returns spent credits to the account, and to the allowance if its period has not ended. */
  returnSpent({ account: address, allowance: id, amountMicros }: Charge, spentAt: Date): void {
    const account = this.#account(address);
    this.#accounts.set(
      address,
      fundWaitingRefund({ ...account, spent: account.spent - amountMicros }, amountMicros),
    );
    this.#giveBack(id, {
      takenAt: spentAt,
      returnedMicros: amountMicros,
      spentMicros: -amountMicros,
    });
  }

  #giveBack(id: Hex, change: { takenAt: Date; returnedMicros: bigint; spentMicros: bigint }): void {
    const allowance = this.#allowance(id);
    const campaign = this.#campaignOf(allowance);
    this.#giveBackTo(allowance, change);
    if (campaign !== null) this.#giveBackTo(campaign, change);
  }

  #giveBackTo(
    allowance: Allowance,
    change: { takenAt: Date; returnedMicros: bigint; spentMicros: bigint },
  ): void {
    const usage = this.#usage(allowance);
    // A period that has ended does not change: its rest was carried over or has lapsed.
    const isSamePeriod = periodIndexAt(allowance.message, change.takenAt) === usage.periodIndex;
    this.#usages.set(allowance.id, {
      ...usage,
      periodSpentMicros: usage.periodSpentMicros - (isSamePeriod ? change.returnedMicros : 0n),
      spentMicros: usage.spentMicros + change.spentMicros,
    });
  }

  /** The campaign of a grant, whose limit counts each charge too. */
  #campaignOf({ campaign }: Allowance): Allowance | null {
    return campaign === null ? null : this.#allowance(campaign);
  }

  #allowance(id: Hex): Allowance {
    // Only grants, holds and voids ask.
    this.#byId ??= new Map(
      [...this.#state.campaigns, ...this.#state.allowances].map((each) => [each.id, each]),
    );
    const allowance = this.#byId.get(id);
    if (allowance === undefined) throw new Error(`the allowance ${id} was not read`);
    return allowance;
  }

  #usage({ id, message, usage }: Allowance): AllowanceUsage {
    return this.#usages.get(id) ?? renewUsage(message, usage, this.now);
  }

  #account(address: Address): Account {
    const account = this.#accounts.get(address) ?? this.#state.accounts.get(address);
    if (account === undefined) throw new Error(`the account ${address} was not read`);
    return account;
  }
}

function isRevoked(campaign: Allowance | null): boolean {
  return campaign !== null && campaign.revokedAt !== null;
}
