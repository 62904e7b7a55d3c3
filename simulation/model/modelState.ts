import type { Address, Hex } from "viem";

import type { SimulatedCard } from "../cards.ts";
import type { Parties } from "../parties.ts";
import { budgetAt, periodOf } from "./budget.ts";
import {
  type ModelAccount,
  type ModelAllowance,
  type ModelEvent,
  type ModelGrant,
  type ModelHold,
  type ModelStep,
  NO_CREDITS,
} from "./state.ts";

/** All that the model knows, and how it moves: every change can be undone, so that a thing can be tried. */
export class ModelState {
  readonly parties: Parties;
  readonly cards: readonly SimulatedCard[];
  readonly accounts = new Map<Address, ModelAccount>();
  readonly allowances = new Map<Hex, ModelAllowance>();
  /** by campaign and key */
  readonly grants = new Map<string, ModelGrant>();
  readonly holds = new Map<string, ModelHold>();
  readonly events = new Map<string, ModelEvent>();
  readonly earned = new Map<Address, bigint>();
  /** units of tiered rates */
  readonly used = new Map<string, bigint>();
  /** by provider and rate, oldest first */
  readonly steps = new Map<string, readonly ModelStep[]>();
  /** in the order in which they were cut */
  checkpoints: readonly { epoch: bigint; cutAt: Date; dropped: boolean }[] = [];
  #undo: (() => void)[] | null = null;

  constructor(parties: Parties, cards: readonly SimulatedCard[]) {
    this.parties = parties;
    this.cards = cards;
  }

  /** What would happen; nothing does. */
  trial<T>(attempt: () => T): T {
    const undo: (() => void)[] = [];
    this.#undo = undo;
    try {
      return attempt();
    } finally {
      this.#undo = null;
      for (const step of undo.toReversed()) step();
    }
  }

  set<K, V>(map: Map<K, V>, key: K, value: V): void {
    const before = map.get(key);
    this.#undo?.push(() => {
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

  /** An allowance and what it was granted out of: what is taken from one is taken from both. */
  budgetsOf(id: Hex): readonly ModelAllowance[] {
    const allowance = this.allowance(id);
    return allowance.campaign === null
      ? [allowance]
      : [allowance, this.allowance(allowance.campaign)];
  }

  /** A budget that is over keeps what went out of it. */
  giveBack(
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

  /** A refund that waits takes what came free; it can hope for what is still held, and for nothing else. */
  serveWaiting(address: Address, freed: bigint): void {
    const account = this.account(address);
    const moved = freed < account.waiting ? freed : account.waiting;
    const left = account.waiting - moved;
    this.changeAccount(address, {
      refunding: account.refunding + moved,
      waiting: left < account.held ? left : account.held,
    });
  }

  earn(provider: Address, amount: bigint): void {
    this.set(this.earned, provider, (this.earned.get(provider) ?? 0n) + amount);
  }

  countUnits(use: string | null, units: bigint): void {
    if (use !== null) this.set(this.used, use, (this.used.get(use) ?? 0n) + units);
  }
}

export function freeOf(account: ModelAccount): bigint {
  const { purchased, spent, held, refunding, refunded } = account;
  return purchased - spent - held - refunding - refunded;
}
