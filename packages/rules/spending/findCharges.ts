import type { Address, Hex } from "viem";

import type { Allowance } from "../allowances/allowance.ts";
import { UnpaidShare } from "../pricing/unpaidShare.ts";
import type { CreditShortage } from "./room.ts";
import type { Taking } from "./taking.ts";

/** The amount that one allowance pays or holds. */
export interface Charge {
  readonly account: Address;
  readonly allowance: Hex;
  readonly amountMicros: bigint;
}

/** Work to charge: at one price for all accounts, or at each account's own price for the whole. */
export type PricedWork =
  | { readonly priceMicros: bigint }
  | { readonly quantity: bigint; readonly priceMicrosOf: (account: Address) => bigint };

/** The part of the work that one account pays at its own price. */
export interface PaidShare {
  readonly account: Address;
  readonly amountMicros: bigint;
  /** its part of the quantity; the shares add up to the whole */
  readonly units: bigint;
}

export interface FoundCharges {
  readonly charges: readonly Charge[];
  readonly costMicros: bigint;
  /** in the order of payment, one per account in a row; empty if all accounts have one price */
  readonly shares: readonly PaidShare[];
}

/** What is missing, and the allowance to report. */
export interface FoundShortage {
  readonly reason: CreditShortage;
  readonly allowance: Allowance;
  /** what all candidates together can pay */
  readonly availableMicros: bigint;
  /** that, and the price of the rest for the reported account */
  readonly neededMicros: bigint;
}

/**
 * Finds who pays for some work, in the order of the candidates, and reserves it in `taking`. Each
 * account pays at its own price: an amount pays for the share of the work that it is of that price.
 * An allowance with nothing left is skipped before any price is looked at
 * (docs/decisions/0016-each-account-pays-its-own-price.md).
 *
 * Work that is free at any tier is charged to the first candidate. If all together cannot pay, work
 * that is free for one of the accounts is charged to the first of these.
 */
export function findCharges(
  taking: Taking,
  candidates: readonly Allowance[],
  work: PricedWork,
): FoundCharges | FoundShortage {
  if (candidates.length === 0) throw new Error("there is no usable allowance");
  const priceOf = ({ message }: Allowance) =>
    "priceMicros" in work ? work.priceMicros : work.priceMicrosOf(message.account);
  const isFree = "priceMicros" in work && work.priceMicros === 0n;
  const found = new Found(work);
  const unpaid = new UnpaidShare();
  const short: ShortAllowance[] = [];

  for (const allowance of candidates) {
    const { limit, amountMicros: roomMicros } = taking.room(allowance);
    if (roomMicros === 0n && !isFree) {
      short.push({ allowance, limit });
      continue;
    }
    const priceMicros = priceOf(allowance);
    const dueMicros = unpaid.dueMicros(priceMicros);
    const isLast = roomMicros >= dueMicros;
    const amountMicros = isLast ? dueMicros : roomMicros;
    // A free charge is recorded only if there is no other.
    if (amountMicros > 0n || found.charges.length === 0) taking.pay(allowance, amountMicros);
    if (isLast) return found.add(allowance, amountMicros, null);
    unpaid.pay(amountMicros, priceMicros);
    found.add(allowance, amountMicros, unpaid);
    short.push({ allowance, limit });
  }

  const freeFor = candidates.find((each) => priceOf(each) === 0n);
  if (freeFor !== undefined) {
    taking.reset();
    taking.pay(freeFor, 0n);
    return new Found(work).add(freeFor, 0n, null);
  }
  const { allowance, limit: reason } = toReport(short);
  const availableMicros = found.costMicros;
  const neededMicros = availableMicros + unpaid.dueMicros(priceOf(allowance));
  return { reason, allowance, availableMicros, neededMicros };
}

class Found implements FoundCharges {
  readonly #work: PricedWork;
  readonly charges: Charge[] = [];
  readonly shares: PaidShare[] = [];
  costMicros = 0n;
  #paidUnits = 0n;

  constructor(work: PricedWork) {
    this.#work = work;
  }

  /** `unpaid` is what remains; `null` if nothing does. */
  add({ id, message }: Allowance, amountMicros: bigint, unpaid: UnpaidShare | null): this {
    const { account } = message;
    if (amountMicros > 0n || this.charges.length === 0) {
      this.charges.push({ account, allowance: id, amountMicros });
    }
    this.costMicros += amountMicros;
    if ("priceMicros" in this.#work) return this;

    const { quantity } = this.#work;
    const paidUnits = unpaid === null ? quantity : unpaid.paidUnits(quantity);
    const units = paidUnits - this.#paidUnits;
    this.#paidUnits = paidUnits;
    const before = this.shares.at(-1);
    if (before?.account === account) {
      this.shares.pop();
      this.shares.push({
        account,
        amountMicros: before.amountMicros + amountMicros,
        units: before.units + units,
      });
    } else this.shares.push({ account, amountMicros, units });
    return this;
  }
}

/** An allowance that paid only a part, or nothing, and why. */
interface ShortAllowance {
  readonly allowance: Allowance;
  readonly limit: CreditShortage;
}

/** The last allowance whose account lacks credits, because buying some helps; else the last one. */
function toReport(short: readonly ShortAllowance[]): ShortAllowance {
  const reported = short.findLast(({ limit }) => limit === "insufficient_credits") ?? short.at(-1);
  if (reported === undefined) throw new Error("no allowance is short");
  return reported;
}
