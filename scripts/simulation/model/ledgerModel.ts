import type { Address, Hex } from "viem";

import { scopeHash } from "../../../protocol/allowance.ts";
import { spenderWallet } from "../../../protocol/spender.ts";
import type { HoldRequest } from "../../../server/domain/holds/authorize.ts";
import type { Debited, Refused, UsageOutcome } from "../../../server/domain/usage/outcome.ts";
import type { UsageEvent } from "../../../server/domain/usage/usageEvent.ts";
import type { SignedAllowance } from "../../../server/ports/allowanceBook.ts";
import type { CaptureOutcome, CaptureRequest, HoldKey } from "../../../server/ports/holdBook.ts";
import type { VoidOutcome } from "../../../server/ports/usageLedger.ts";
import type { SimulatedCard } from "../cards.ts";
import type { NewChainEvent } from "../chain.ts";
import { RULES } from "../rules.ts";
import { saidByCapture, saidByEvent, saidByHold } from "../sayings.ts";
import type { World } from "../world.ts";
import { budgetAt, periodOf } from "./budget.ts";
import { modelCost, modelFee, modelRate } from "./price.ts";
import {
  type ModelAccount,
  type ModelAllowance,
  type ModelEvent,
  type ModelHold,
  NO_CREDITS,
} from "./state.ts";

type Refusal = Refused["refusal"];
type Charges = Debited["charges"];

type ModelAuthorize =
  | { readonly result: "held"; readonly hold: ModelHold; readonly repeated: boolean }
  | { readonly result: "refused"; readonly refusal: unknown };
type ModelCapture =
  | { readonly result: "captured"; readonly hold: ModelHold; readonly debit: Debited }
  | Extract<CaptureOutcome, { result: "refused" }>
  | { readonly result: "refused"; readonly refusal: unknown };
type ModelRelease =
  | { readonly result: "released"; readonly hold: ModelHold }
  | { readonly result: "refused"; readonly refusal: unknown };

export const keyOf = ({ provider, id }: HoldKey): string => `${provider}/${id}`;

/**
 * The ledger once more, in plain words and for one lane: one thing after the other, at the moments that the ledger itself
 * named. Shares no rule with `server/domain`: what it borrows from there are types.
 */
export class LedgerModel {
  readonly #world: World;
  readonly #cards: readonly SimulatedCard[];
  readonly accounts = new Map<Address, ModelAccount>();
  readonly allowances = new Map<Hex, ModelAllowance>();
  readonly holds = new Map<string, ModelHold>();
  readonly events = new Map<string, ModelEvent>();
  readonly earned = new Map<Address, bigint>();
  /** in the order in which they were cut */
  checkpoints: readonly { epoch: bigint; cutAt: Date; dropped: boolean }[] = [];
  #undo: (() => void)[] | null = null;

  constructor(world: World, cards: readonly SimulatedCard[]) {
    this.#world = world;
    this.#cards = cards;
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

  record(events: readonly UsageEvent[], at: Date): UsageOutcome[] {
    return events.map((event) => this.#recordOne(event, at));
  }

  #recordOne(event: UsageEvent, at: Date): UsageOutcome {
    const key = keyOf(event);
    const before = this.events.get(key);
    if (before !== undefined) {
      return before.said === saidByEvent(event)
        ? { ...before.outcome, repeated: true }
        : refused({ reason: "event_id_conflict" });
    }

    const age = at.getTime() - event.occurredAt.getTime();
    const { maxEventAgeSeconds, maxEventAheadSeconds } = RULES;
    if (age > maxEventAgeSeconds * 1000) {
      return refused({ reason: "event_too_old", limitSeconds: maxEventAgeSeconds });
    }
    if (-age > maxEventAheadSeconds * 1000) {
      return refused({ reason: "event_in_future", limitSeconds: maxEventAheadSeconds });
    }

    const rate = modelRate(this.#cards, event, event.occurredAt < at ? event.occurredAt : at);
    if (typeof rate === "string") return refused({ reason: rate });
    const costMicros = modelCost(rate, event.quantity);

    const charges = this.#take(event, costMicros, "spent", at);
    if (!Array.isArray(charges)) return refused(charges);
    const outcome: Debited = {
      result: "debited",
      costMicros,
      rateCardVersion: rate.version,
      charges,
      recordedAt: at,
      repeated: false,
    };
    this.#log(key, {
      said: saidByEvent(event),
      provider: event.provider,
      outcome,
      takenAt: at,
      voidedAt: null,
    });
    return outcome;
  }

  void(key: HoldKey, at: Date): VoidOutcome {
    const event = this.events.get(keyOf(key));
    if (event === undefined) return { result: "refused", reason: "event_not_found" };
    const { outcome, voidedAt } = event;
    const { costMicros: amountMicros } = outcome;
    if (voidedAt !== null) return { result: "voided", amountMicros, voidedAt, repeated: true };
    const holder = this.checkpoints.find(
      ({ dropped, cutAt }) => !dropped && cutAt.getTime() >= outcome.recordedAt.getTime(),
    );
    if (holder !== undefined) {
      return { result: "refused", reason: "already_settled", epoch: holder.epoch };
    }

    for (const { account, allowance, amountMicros: back } of outcome.charges) {
      const { spent, ...rest } = this.#account(account);
      this.#set(this.accounts, account, { ...rest, spent: spent - back });
      this.#serveWaiting(account, back);
      this.#giveBack(allowance, { at, takenAt: event.takenAt, budget: back, spent: -back });
      this.#earn(event.provider, modelFee(back) - back);
    }
    this.#set(this.events, keyOf(key), { ...event, voidedAt: at });
    return { result: "voided", amountMicros, voidedAt: at, repeated: false };
  }

  authorize(request: HoldRequest, at: Date): ModelAuthorize {
    const key = keyOf(request);
    const asked = saidByHold(request);
    const before = this.holds.get(key);
    if (before !== undefined) {
      return before.asked === asked
        ? { result: "held", hold: before, repeated: true }
        : refused({ reason: "hold_id_conflict" });
    }
    const limit = RULES.maxOpenHoldsPerSpender;
    const open = [...this.holds.values()].filter(
      ({ spender, resolution }) => spender === request.spender && resolution === null,
    );
    if (open.length >= limit) return refused({ reason: "too_many_holds", limit });

    const rate = modelRate(this.#cards, request, at);
    if (typeof rate === "string") {
      // Who may pay is asked before what it costs.
      const nobody = this.#whyNobody(request, at);
      return refused(nobody ?? { reason: rate });
    }
    const charges = this.#take(request, modelCost(rate, request.quantity), "held", at);
    if (!Array.isArray(charges)) return refused(charges);

    const hold: ModelHold = {
      asked,
      spender: request.spender,
      rate,
      parts: charges.map(({ account, allowance, amountMicros }) => ({
        account,
        allowance,
        heldMicros: amountMicros,
      })),
      createdAt: at,
      expiresAt: new Date(at.getTime() + request.ttlSeconds * 1000),
      capturedMicros: 0n,
      capturedUnits: 0n,
      resolution: null,
    };
    this.#set(this.holds, key, hold);
    return { result: "held", hold, repeated: false };
  }

  capture(request: CaptureRequest, at: Date): ModelCapture {
    const hold = this.holds.get(keyOf(request));
    if (hold === undefined) return refused({ reason: "hold_not_found" });
    const eventKey = keyOf({ provider: request.provider, id: request.eventId });
    const before = this.events.get(eventKey);
    if (before !== undefined) {
      return before.said === saidByCapture(request)
        ? { result: "captured", hold, debit: { ...before.outcome, repeated: true } }
        : refused({ reason: "event_id_conflict" });
    }
    const over = this.#over(hold, at);
    if (over !== null) return refused(over);

    // The parts of a whole cost what the whole costs: what rounding took before, it does not take again.
    const capturedUnits = hold.capturedUnits + request.quantity;
    const neededMicros =
      modelCost(hold.rate, capturedUnits) - modelCost(hold.rate, hold.capturedUnits);
    const heldMicros = hold.parts.reduce((sum, part) => sum + part.heldMicros, 0n);
    if (neededMicros > heldMicros) {
      return refused({ reason: "capture_exceeds_hold", heldMicros, neededMicros });
    }

    let missing = neededMicros;
    const charges: Charges[number][] = [];
    const parts = hold.parts.map((part) => {
      const taken = missing < part.heldMicros ? missing : part.heldMicros;
      missing -= taken;
      const returned = request.final ? part.heldMicros - taken : 0n;
      this.#endHeld(part, { at, takenAt: hold.createdAt, captured: taken, returned });
      const { account, allowance } = part;
      if (taken > 0n) charges.push({ account, allowance, amountMicros: taken });
      return { account, allowance, heldMicros: part.heldMicros - taken - returned };
    });
    const [first] = hold.parts;
    if (charges.length === 0 && first !== undefined) {
      charges.push({ account: first.account, allowance: first.allowance, amountMicros: 0n });
    }

    const after: ModelHold = {
      ...hold,
      parts,
      capturedMicros: hold.capturedMicros + neededMicros,
      capturedUnits,
      resolution: request.final ? { as: "captured", at } : null,
    };
    this.#set(this.holds, keyOf(request), after);
    const debit: Debited = {
      result: "debited",
      costMicros: neededMicros,
      rateCardVersion: hold.rate.version,
      charges,
      recordedAt: at,
      repeated: false,
    };
    this.#log(eventKey, {
      said: saidByCapture(request),
      provider: request.provider,
      outcome: debit,
      takenAt: hold.createdAt,
      voidedAt: null,
    });
    return { result: "captured", hold: after, debit };
  }

  release(key: HoldKey, at: Date): ModelRelease {
    const hold = this.holds.get(keyOf(key));
    if (hold === undefined) return refused({ reason: "hold_not_found" });
    const over = this.#over(hold, at);
    if (over !== null) return refused(over);
    return { result: "released", hold: this.endHold(keyOf(key), "released", at) };
  }

  endHold(key: string, as: "released" | "expired", at: Date): ModelHold {
    const hold = this.holds.get(key);
    if (hold === undefined) throw new Error(`the model has no hold ${key}`);
    for (const part of hold.parts) {
      this.#endHeld(part, {
        at,
        takenAt: hold.createdAt,
        captured: 0n,
        returned: part.heldMicros,
      });
    }
    const parts = hold.parts.map((part) => ({ ...part, heldMicros: 0n }));
    const ended: ModelHold = { ...hold, parts, resolution: { as, at } };
    this.#set(this.holds, key, ended);
    return ended;
  }

  /** Budgets begin with the period that the allowance arrives in. */
  allow(signed: SignedAllowance, { createdAt, period }: { createdAt: Date; period: bigint }): void {
    if (this.allowances.has(signed.id)) return;
    if (scopeHash(signed.scope) !== signed.message.scope) throw new Error("a scope of its own");
    const fresh = { period, carried: 0n, used: 0n, spent: 0n, revokedAt: null };
    this.#set(this.allowances, signed.id, { ...signed, createdAt, ...fresh });
  }

  revoke(id: Hex, revokedAt: Date): void {
    const allowance = this.allowances.get(id);
    if (allowance === undefined || allowance.revokedAt !== null) return;
    this.#set(this.allowances, id, { ...allowance, revokedAt });
  }

  chainEvent(event: NewChainEvent): void {
    switch (event.type) {
      case "purchased": {
        const { purchased, ...rest } = this.#account(event.account);
        const grown = { ...rest, purchased: purchased + event.amountMicros };
        this.#set(this.accounts, event.account, grown);
        return;
      }
      case "refund_requested": {
        const { waiting, ...rest } = this.#account(event.account);
        const asked = { ...rest, waiting: waiting + event.requestedMicros };
        this.#set(this.accounts, event.account, asked);
        this.#serveWaiting(event.account, freeOf(this.#account(event.account)));
        return;
      }
      case "counter_raised": {
        const account = this.#account(event.account);
        this.#set(this.accounts, event.account, { ...account, counter: event.counter });
        return;
      }
      default:
    }
  }

  /** A checkpoint is being cut: what is set aside for refunds goes into the rows. */
  serveRefunds(): void {
    for (const [address, account] of this.accounts) {
      const refunded = account.refunded + account.refunding;
      this.#set(this.accounts, address, { ...account, refunded, refunding: 0n });
    }
  }

  /** Who pays how much, or why nobody does. */
  #take(
    { spender, provider, meter }: { spender: Hex; provider: Address; meter: string },
    needed: bigint,
    into: "spent" | "held",
    at: Date,
  ): Charges[number][] | Refusal {
    const order = [...this.allowances.values()]
      .filter(({ message }) => message.spender === spender)
      .toSorted(inTurn);
    if (order.length === 0) return { reason: "allowance_not_found" };

    const able = order.filter(
      (allowance) => this.hindrance(allowance, provider, meter, at) === null,
    );
    const last = order.at(-1);
    const first = able[0];
    if (first === undefined) {
      const reason = last === undefined ? null : this.hindrance(last, provider, meter, at);
      if (reason === null) throw new Error("an allowance that is able and is not");
      return { reason };
    }

    const heldAtFirst = this.#account(first.message.account).held;
    const charges: Charges[number][] = [];
    const before = new Map<Address, ModelAccount>();
    const newAccounts = new Map<Address, ModelAccount>();
    const newAllowances: ModelAllowance[] = [];
    let missing = needed;
    let limit: "insufficient_credits" | "allowance_exhausted" | "account_cap_reached" =
      "insufficient_credits";
    for (const candidate of able) {
      if (missing === 0n && charges.length > 0) break;
      const { account: address, accountCap } = candidate.message;
      const account = newAccounts.get(address) ?? this.#account(address);
      before.set(address, account);
      const budget = budgetAt(candidate.message, candidate, at);
      const free = freeOf(account);
      const left = candidate.message.limit + budget.carried - budget.used;
      const belowCap = accountCap - account.spent - account.held;
      const room = [free, left, belowCap].reduce((a, b) => (b < a ? b : a));
      const most = room < 0n ? 0n : room;
      if (most < missing) {
        if (free === room) limit = "insufficient_credits";
        else if (left === room) limit = "allowance_exhausted";
        else limit = "account_cap_reached";
      }
      const amountMicros = most < missing ? most : missing;
      if (amountMicros === 0n && needed > 0n) continue;
      newAccounts.set(address, { ...account, [into]: account[into] + amountMicros });
      newAllowances.push({
        ...budget,
        used: budget.used + amountMicros,
        spent: budget.spent + (into === "spent" ? amountMicros : 0n),
      });
      charges.push({ account: address, allowance: candidate.id, amountMicros });
      missing -= amountMicros;
    }
    if (missing > 0n) {
      return {
        reason: limit,
        account: first.message.account,
        availableMicros: needed - missing,
        neededMicros: needed,
        heldMicros: heldAtFirst,
      };
    }
    for (const [address, account] of newAccounts) this.#set(this.accounts, address, account);
    for (const allowance of newAllowances) this.#set(this.allowances, allowance.id, allowance);
    return charges;
  }

  /** Why no allowance at all may pay, whatever the amount; `null` where one may. */
  #whyNobody(
    { spender, provider, meter }: { spender: Hex; provider: Address; meter: string },
    at: Date,
  ): Refusal | null {
    const order = [...this.allowances.values()]
      .filter(({ message }) => message.spender === spender)
      .toSorted(inTurn);
    let reason: ReturnType<LedgerModel["hindrance"]> = null;
    for (const allowance of order) {
      reason = this.hindrance(allowance, provider, meter, at);
      if (reason === null) return null;
    }
    return { reason: reason ?? "allowance_not_found" };
  }

  hindrance(
    { message, scope, revokedAt }: ModelAllowance,
    provider: Address,
    meter: string,
    at: Date,
  ) {
    const seconds = BigInt(Math.floor(at.getTime() / 1000));
    if (revokedAt !== null) return "allowance_revoked";
    if (this.#account(message.account).counter !== message.counter) return "allowance_revoked";
    if (message.expiresAt > 0n && seconds >= message.expiresAt) return "allowance_expired";
    if (seconds < message.startsAt) return "allowance_not_started";
    if (scope.providers.length > 0 && !scope.providers.includes(provider)) {
      return "allowance_out_of_scope";
    }
    if (scope.meters.length > 0 && !scope.meters.includes(meter)) return "allowance_out_of_scope";
    if (scope.providers.length === 0 && !this.#world.trusted.includes(provider)) {
      return "access_not_granted";
    }
    return null;
  }

  #over({ resolution, capturedMicros, expiresAt }: ModelHold, at: Date) {
    const ended =
      resolution ??
      (expiresAt.getTime() <= at.getTime() ? { as: "expired" as const, at: expiresAt } : null);
    return ended === null
      ? null
      : { reason: "hold_resolved" as const, resolution: ended, capturedMicros };
  }

  #endHeld(
    { account: address, allowance }: { account: Address; allowance: Hex },
    change: { at: Date; takenAt: Date; captured: bigint; returned: bigint },
  ): void {
    const { at, takenAt, captured, returned } = change;
    const account = this.#account(address);
    this.#set(this.accounts, address, {
      ...account,
      held: account.held - captured - returned,
      spent: account.spent + captured,
    });
    this.#serveWaiting(address, returned);
    this.#giveBack(allowance, { at, takenAt, budget: returned, spent: captured });
  }

  /** A budget that is over keeps what went out of it. */
  #giveBack(
    id: Hex,
    { at, takenAt, budget, spent }: { at: Date; takenAt: Date; budget: bigint; spent: bigint },
  ): void {
    const stored = this.allowances.get(id);
    if (stored === undefined) throw new Error(`the model has no allowance ${id}`);
    const current = budgetAt(stored.message, stored, at);
    const isOpen = periodOf(stored.message, takenAt) === current.period;
    this.#set(this.allowances, id, {
      ...current,
      used: isOpen ? current.used - budget : current.used,
      spent: current.spent + spent,
    });
  }

  /** A refund that waits takes what came free; it can hope for what is still held, and for nothing else. */
  #serveWaiting(address: Address, freed: bigint): void {
    const account = this.#account(address);
    const moved = freed < account.waiting ? freed : account.waiting;
    const left = account.waiting - moved;
    this.#set(this.accounts, address, {
      ...account,
      refunding: account.refunding + moved,
      waiting: left < account.held ? left : account.held,
    });
  }

  #log(key: string, event: ModelEvent): void {
    this.#set(this.events, key, event);
    for (const { amountMicros } of event.outcome.charges) {
      this.#earn(event.provider, amountMicros - modelFee(amountMicros));
    }
  }

  #earn(provider: Address, amount: bigint): void {
    this.#set(this.earned, provider, (this.earned.get(provider) ?? 0n) + amount);
  }

  #account(address: Address): ModelAccount {
    return this.accounts.get(address) ?? NO_CREDITS;
  }

  #set<K, V>(map: Map<K, V>, key: K, value: V): void {
    const before = map.get(key);
    this.#undo?.push(() => {
      if (before === undefined) map.delete(key);
      else map.set(key, before);
    });
    map.set(key, value);
  }
}

export function freeOf(account: ModelAccount): bigint {
  const { purchased, spent, held, refunding, refunded } = account;
  return purchased - spent - held - refunding - refunded;
}

/** Priority, then the first to expire, then other people's credits, then the oldest, then the smallest id. */
function rank({ message, createdAt, id }: ModelAllowance): bigint[] {
  return [
    BigInt(message.priority),
    message.expiresAt === 0n ? 2n ** 65n : message.expiresAt,
    spenderWallet(message.spender) === message.account ? 1n : 0n,
    BigInt(createdAt.getTime()),
    BigInt(id),
  ];
}

function inTurn(a: ModelAllowance, b: ModelAllowance): number {
  const [ours, theirs] = [rank(a), rank(b)];
  for (const [place, mine] of ours.entries()) {
    const other = theirs[place] ?? mine;
    if (mine !== other) return mine < other ? -1 : 1;
  }
  return 0;
}

function refused<R>(refusal: R): { readonly result: "refused"; readonly refusal: R } {
  return { result: "refused", refusal };
}
