import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import { type Account, available, setAside } from "../accounts/account.ts";
import type { Allowance, AllowanceUsage } from "../allowances/allowance.ts";
import { inBurnDownOrder } from "../allowances/burnDownOrder.ts";
import { periodIndexAt, remainingInPeriod, renewed } from "../allowances/period.ts";
import { type AllowanceObstacle, obstacle } from "../allowances/usability.ts";

/** All that spending depends on, as read under the accounts' locks. */
export interface SpendingState {
  readonly now: Date;
  readonly accounts: ReadonlyMap<Address, Account>;
  /** every allowance of the spenders in question */
  readonly allowances: readonly Allowance[];
  /** those that grants among them were granted out of */
  readonly campaigns: readonly Allowance[];
  readonly hasAccess: (spender: SpenderId, provider: Address) => boolean;
}

/** What one allowance pays, or holds. */
export interface Charge {
  readonly account: Address;
  readonly allowance: Hex;
  readonly amountMicros: bigint;
}

/** Which limit a charge ran into. */
export type CreditShortage =
  "insufficient_credits" | "allowance_exhausted" | "campaign_exhausted" | "account_cap_reached";

export interface Shortage {
  readonly reason: CreditShortage;
  /** the account that would have paid first */
  readonly account: Address;
  readonly availableMicros: bigint;
  readonly neededMicros: bigint;
  /** what is on hold in that account: some of it may come back */
  readonly heldMicros: bigint;
}

export type Unusable = { readonly reason: AllowanceObstacle | "allowance_not_found" };

/** The account that pays first; tiers go by what it has used. Of usable allowances there is one at least. */
export function firstPayer([first]: readonly Allowance[]): Address {
  if (first === undefined) throw new Error("there is no usable allowance");
  return first.message.account;
}

/** Who wants to charge whom for what. */
export interface ChargeRequest {
  readonly provider: Address;
  readonly spender: SpenderId;
  readonly meter: string;
}

/**
 * A working copy of accounts and allowances, on which decisions are made one after the other and of which the changes
 * are written at the end. Strict: nothing takes an account below zero (I1), an allowance over its limit, all the grants of
 * a campaign over the campaign's, or an account over the cap that the allowance's owner signed (I4).
 */
export class SpendingDraft {
  readonly #state: SpendingState;
  readonly #bySpender: ReadonlyMap<SpenderId, readonly Allowance[]>;
  readonly #byId: ReadonlyMap<Hex, Allowance>;
  readonly #accounts = new Map<Address, Account>();
  readonly #usages = new Map<Hex, AllowanceUsage>();

  constructor(state: SpendingState) {
    this.#state = state;
    this.#bySpender = inBurnDownOrder(state.allowances);
    this.#byId = new Map(
      [...state.campaigns, ...state.allowances].map((allowance) => [allowance.id, allowance]),
    );
  }

  get now(): Date {
    return this.#state.now;
  }

  /** The new state of each account and allowance that was touched. */
  get changes(): {
    accounts: ReadonlyMap<Address, Account>;
    usages: ReadonlyMap<Hex, AllowanceUsage>;
  } {
    return { accounts: this.#accounts, usages: this.#usages };
  }

  /** The allowances that may pay, in burn-down order, or why none may. */
  usable({ provider, spender, meter }: ChargeRequest): readonly Allowance[] | Unusable {
    const all = this.#bySpender.get(spender);
    if (all === undefined) return { reason: "allowance_not_found" };
    const hasAccess = this.#state.hasAccess(spender, provider);

    const usable: Allowance[] = [];
    let reason: AllowanceObstacle | null = null;
    for (const allowance of all) {
      const { counter } = this.#account(allowance.message.account);
      const found =
        obstacle(allowance, { provider, meter, hasAccess, now: this.now, counter }) ??
        // Time, scope and counter of a grant lie within the campaign's from the start.
        (isRevoked(this.#campaignOf(allowance)) ? "campaign_revoked" : null);
      if (found === null) usable.push(allowance);
      // One obstacle is told: that of the allowance which would have paid last, most often the only one.
      else reason = found;
    }
    return usable.length === 0 && reason !== null ? { reason } : usable;
  }

  /** Takes an amount from the allowances in their order, wholly, or says what is missing and takes nothing. */
  take(
    candidates: readonly Allowance[],
    neededMicros: bigint,
    as: "spent" | "held",
  ): readonly Charge[] | Shortage {
    const charges: Charge[] = [];
    const touched = new Map<Address, Account>();
    const usages = new Map<Hex, AllowanceUsage>();
    const usageOf = (allowance: Allowance) => usages.get(allowance.id) ?? this.#usage(allowance);
    let missing = neededMicros;
    let limit: CreditShortage = "insufficient_credits";

    for (const allowance of candidates) {
      const { id, message } = allowance;
      const campaign = this.#campaignOf(allowance);
      const account = touched.get(message.account) ?? this.#account(message.account);
      const room = tightest({
        insufficient_credits: available(account),
        allowance_exhausted: remainingInPeriod(message, usageOf(allowance)),
        campaign_exhausted:
          campaign === null ? NO_LIMIT : remainingInPeriod(campaign.message, usageOf(campaign)),
        // Held credits count as spent here: whatever is captured later stays under a cap that was signed.
        account_cap_reached: message.accountCap - account.spent - account.held,
      });
      if (room.amountMicros < missing) limit = room.limit;
      const amountMicros = room.amountMicros < missing ? room.amountMicros : missing;
      // What is free is recorded under the allowance that lets it happen.
      if (amountMicros === 0n && !(neededMicros === 0n && charges.length === 0)) continue;

      const changed = withTaken(account, amountMicros, as);
      touched.set(message.account, changed);
      for (const budget of campaign === null ? [allowance] : [allowance, campaign]) {
        usages.set(budget.id, reserve(usageOf(budget), amountMicros, as));
      }
      charges.push({ account: message.account, allowance: id, amountMicros });
      missing -= amountMicros;
      if (missing === 0n) break;
    }

    const [first] = candidates;
    if (missing > 0n && first !== undefined) {
      const account = this.#account(first.message.account);
      return {
        reason: limit,
        account: account.address,
        availableMicros: neededMicros - missing,
        neededMicros,
        heldMicros: account.held,
      };
    }
    for (const [address, account] of touched) this.#accounts.set(address, account);
    for (const [id, usage] of usages) this.#usages.set(id, usage);
    return charges;
  }

  /** Turns `capturedMicros` of what was held into spent, and gives `returnedMicros` of it back. */
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
    this.#accounts.set(address, setAside({ ...account, held, spent }, returnedMicros));
    this.#giveBack(id, { takenAt: heldAt, returnedMicros, spentMicros: capturedMicros });
  }

  /** Gives back what was spent: to the account, and to the allowance as far as its period is still the same. */
  returnSpent({ account: address, allowance: id, amountMicros }: Charge, spentAt: Date): void {
    const account = this.#account(address);
    this.#accounts.set(
      address,
      setAside({ ...account, spent: account.spent - amountMicros }, amountMicros),
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
    // A period that is over stays as it was: its unspent rest has been carried on, or has lapsed.
    const isSamePeriod = periodIndexAt(allowance.message, change.takenAt) === usage.periodIndex;
    this.#usages.set(allowance.id, {
      ...usage,
      periodSpentMicros: usage.periodSpentMicros - (isSamePeriod ? change.returnedMicros : 0n),
      spentMicros: usage.spentMicros + change.spentMicros,
    });
  }

  /** What this allowance was granted out of, which pays along with it. */
  #campaignOf({ campaign }: Allowance): Allowance | null {
    return campaign === null ? null : this.#allowance(campaign);
  }

  #allowance(id: Hex): Allowance {
    const allowance = this.#byId.get(id);
    if (allowance === undefined) throw new Error(`the allowance ${id} was not read`);
    return allowance;
  }

  #usage({ id, message, usage }: Allowance): AllowanceUsage {
    return this.#usages.get(id) ?? renewed(message, usage, this.now);
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

interface Room {
  readonly limit: CreditShortage;
  readonly amountMicros: bigint;
}

/** More than all credits there can be. */
const NO_LIMIT = 2n ** 64n;

/** The tightest of the limits, of equal ones that which stands first; none allows less than nothing. */
function tightest(rooms: Readonly<Record<CreditShortage, bigint>>): Room {
  let limit: CreditShortage = "insufficient_credits";
  if (rooms.allowance_exhausted < rooms[limit]) limit = "allowance_exhausted";
  if (rooms.campaign_exhausted < rooms[limit]) limit = "campaign_exhausted";
  if (rooms.account_cap_reached < rooms[limit]) limit = "account_cap_reached";
  return { limit, amountMicros: rooms[limit] < 0n ? 0n : rooms[limit] };
}

function withTaken(account: Account, amountMicros: bigint, as: "spent" | "held"): Account {
  return as === "spent"
    ? { ...account, spent: account.spent + amountMicros }
    : { ...account, held: account.held + amountMicros };
}

/** What is held counts against the period at once, and as spent when it is captured. */
function reserve(
  usage: AllowanceUsage,
  amountMicros: bigint,
  as: "spent" | "held",
): AllowanceUsage {
  return {
    ...usage,
    periodSpentMicros: usage.periodSpentMicros + amountMicros,
    spentMicros: usage.spentMicros + (as === "spent" ? amountMicros : 0n),
  };
}
