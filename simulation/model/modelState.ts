import type { Address, Hex } from "viem";

import type { SimulatedCard } from "../cards.ts";
import type { Parties } from "../parties.ts";
import { budgetAt, periodOf } from "./budget.ts";
import {
  type ModelAcceptance,
  type ModelAccount,
  type ModelAllowance,
  type ModelCode,
  type ModelEvent,
  type ModelGrant,
  type ModelHold,
  type ModelIssuingKey,
  type ModelStep,
  NO_CREDITS,
} from "./state.ts";

/**
 * The model's state. Every change can be undone, so that a prediction can be tried at several
 * times.
 */
export class ModelState {
  readonly parties: Parties;
  readonly cards: readonly SimulatedCard[];
  readonly accounts = new Map<Address, ModelAccount>();
  readonly allowances = new Map<Hex, ModelAllowance>();
  /** by `pairKey` */
  readonly acceptances = new Map<string, ModelAcceptance>();
  /** by account and counter */
  readonly recordedCaps = new Map<string, bigint>();
  /** by campaign and key */
  readonly grants = new Map<string, ModelGrant>();
  /** by `codeKey` */
  readonly codes = new Map<string, ModelCode>();
  /** by the hash of the key */
  readonly issuingKeys = new Map<Hex, ModelIssuingKey>();
  readonly holds = new Map<string, ModelHold>();
  readonly events = new Map<string, ModelEvent>();
  readonly earned = new Map<Address, bigint>();
  /** units used of tiered rates, by account, month and rate */
  readonly used = new Map<string, bigint>();
  /** by provider and rate, oldest first */
  readonly steps = new Map<string, readonly ModelStep[]>();
  /** events of the account until then are the operator's */
  readonly writtenOffAt = new Map<Address, Date>();
  /** in the order of their cuts */
  checkpoints: readonly { epoch: bigint; cutAt: Date; dropped: boolean }[] = [];
  #undoSteps: (() => void)[] | null = null;

  constructor(parties: Parties, cards: readonly SimulatedCard[]) {
    this.parties = parties;
    this.cards = cards;
  }

  /** Runs `attempt` and returns its result, then undoes its changes. */
  trial<T>(attempt: () => T): T {
    return this.allOrNothing(attempt, () => false);
  }

  /** Runs `attempt` and returns its result. Undoes its changes unless `isKept` approves of it. */
  allOrNothing<T>(attempt: () => T, isKept: (result: T) => boolean): T {
    const outer = this.#undoSteps;
    const undoSteps: (() => void)[] = [];
    let mayStay = false;
    this.#undoSteps = undoSteps;
    try {
      const result = attempt();
      mayStay = isKept(result);
      return result;
    } finally {
      this.#undoSteps = outer;
      if (mayStay) outer?.push(...undoSteps);
      else for (const step of undoSteps.toReversed()) step();
    }
  }

  set<K, V>(map: Map<K, V>, key: K, value: V): void {
    const before = map.get(key);
    this.#undoSteps?.push(() => {
      if (before === undefined) map.delete(key);
      else map.set(key, before);
    });
    map.set(key, value);
  }

  account(address: Address): ModelAccount {
    return this.accounts.get(address) ?? NO_CREDITS;
  }

  changeAccount(address: Address, change: Partial<ModelAccount>): void {
    this.set(this.accounts, address, { ...this.account(address), ...change });
  }

  allowance(id: Hex): ModelAllowance {
    const allowance = this.allowances.get(id);
    if (allowance === undefined) throw new Error(`the model has no allowance ${id}`);
    return allowance;
  }

  /** Returns an allowance and, for a grant, its campaign: a charge counts against both. */
  budgetsOf(id: Hex): readonly ModelAllowance[] {
    const allowance = this.allowance(id);
    return allowance.campaign === null
      ? [allowance]
      : [allowance, this.allowance(allowance.campaign)];
  }

  /**
   * Returns micro-credits to an allowance's budgets. A budget whose period has ended gets nothing
   * back.
   */
  returnToBudgets(
    id: Hex,
    { at, takenAt, budget, spent }: { at: Date; takenAt: Date; budget: bigint; spent: bigint },
  ): void {
    for (const stored of this.budgetsOf(id)) {
      const current = budgetAt(stored.message, stored, at);
      const isOpen = periodOf(stored.message, takenAt) === current.period;
      this.set(this.allowances, stored.id, {
        ...current,
        used: isOpen ? current.used - budget : current.used,
        spent: current.spent + spent,
      });
    }
  }

  /** Moves freed credits to a waiting refund. */
  serveWaiting(address: Address, freed: bigint): void {
    const account = this.account(address);
    const moved = freed < account.waiting ? freed : account.waiting;
    this.changeAccount(address, {
      refunding: account.refunding + moved,
      waiting: account.waiting - moved,
    });
  }

  earn(provider: Address, amount: bigint): void {
    this.set(this.earned, provider, (this.earned.get(provider) ?? 0n) + amount);
  }

  countUnits(use: string, units: bigint): void {
    this.set(this.used, use, (this.used.get(use) ?? 0n) + units);
  }
}

export function availableOf(account: ModelAccount): bigint {
  const { purchased, spent, held, refunding, refunded } = account;
  return purchased - spent - held - refunding - refunded;
}
