import { type Address, type Hex, maxUint64 } from "viem";

import {
  type AllowanceMessage,
  type Scope,
  allowanceId,
  scopeHash,
} from "../../protocol/allowance.ts";
import type { UsageEvent } from "../../server/domain/usage/usageEvent.ts";
import type { SignedAllowance } from "../../server/ports/allowanceBook.ts";
import type { Operation } from "./operations.ts";
import { type Random, seededRandom } from "./random.ts";
import { DEPLOYMENT, type World } from "./world.ts";

const DAY_MS = 86_400_000;
const NO_SCOPE: Scope = { providers: [], meters: [] };
/** Allowances that a lane adds in all: more would only make each debit read more of them. */
const MAX_ADDED = 40;

interface Kind {
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly most: number;
}

const MEASUREMENTS: readonly [Kind, ...Kind[]] = [
  { meter: "requests", dimensions: {}, most: 20 },
  { meter: "gpu.seconds", dimensions: {}, most: 60 },
  { meter: "gpu.seconds", dimensions: { gpu: "A100" }, most: 60 },
  { meter: "gpu.seconds", dimensions: { gpu: "H100" }, most: 30 },
  { meter: "gpu.seconds", dimensions: { tier: "spot", gpu: "H100" }, most: 60 },
  { meter: "llm.tokens", dimensions: { model: "small" }, most: 2_000 },
  { meter: "storage.gib_hours", dimensions: { tier: "gold" }, most: 200 },
  { meter: "health.checks", dimensions: {}, most: 5 },
];
const UNPRICED: readonly [Kind, ...Kind[]] = [
  { meter: "storage.gib_hours", dimensions: {}, most: 200 },
  { meter: "weather", dimensions: {}, most: 5 },
];

export interface LanePlan {
  readonly world: World;
  readonly name: string;
  /** other lanes of the same world, whose events and holds this one meddles with */
  readonly peers: readonly string[];
  /** what the cards' dates count from */
  readonly cardsStart: Date;
  /** what the lane's allowances count from */
  readonly start: Date;
  /** one lane alone knows, without an answer, which counter an account has */
  readonly raisesCounters: boolean;
}

/**
 * The operations of one lane: a pure function of the seed, the lane's name, its peers and the time of the start. It
 * refers to what was asked before, by itself or by a peer, whatever came of it.
 */
export class Generator {
  readonly #world: World;
  readonly #name: string;
  readonly #peers: readonly [string, ...string[]];
  readonly #cardsStart: Date;
  readonly #start: Date;
  readonly #raisesCounters: boolean;
  readonly #queue: Operation[] = [];
  readonly #random: Random;
  readonly #counters = new Map<Address, bigint>();
  readonly #asked: UsageEvent[] = [];
  readonly #allowances: SignedAllowance[] = [];
  #events = 0;
  #holds = 0;
  #salt = 0;

  constructor(seed: string, { world, name, peers, cardsStart, start, raisesCounters }: LanePlan) {
    this.#world = world;
    this.#name = name;
    this.#peers = [name, ...peers];
    this.#cardsStart = cardsStart;
    this.#start = start;
    this.#raisesCounters = raisesCounters;
    this.#random = seededRandom(seed, world.name, name);
  }

  /** What every lane of a world has to begin with: credits, and an allowance for each spender. */
  opening(): Operation[] {
    const { accounts, spenders } = this.#world;
    const purchases = accounts.map((account) => this.#purchase(account));
    const allowances = spenders.map((spender, index) =>
      this.#allow({
        spender,
        account: accounts[index % accounts.length] ?? accounts[0],
        limit: maxUint64,
        priority: 2,
      }),
    );
    return [...purchases, ...allowances];
  }

  next(): Operation {
    const queued = this.#queue.shift();
    if (queued !== undefined) return queued;
    const dice = this.#random.below(1_000);
    if (dice < 460) return this.#record();
    if (dice < 610) return this.#authorize();
    if (dice < 770) return this.#capture();
    if (dice < 820) return { kind: "release", key: this.#someHold() };
    if (dice < 890) return this.#void();
    if (dice < 955) return this.#purchase(this.#random.pick(this.#world.accounts));
    if (dice < 968) return this.#refundRequest();
    if (dice < 971 && this.#raisesCounters) return this.#raiseCounter();
    if (dice < 992) return this.#addAllowance();
    return this.#revoke();
  }

  #record(): Operation {
    const size = this.#random.chance(60) ? 1 : this.#random.between(2, 60);
    // A batch is one spender's more often than not: many share its locks.
    const spender = this.#random.chance(70) ? this.#spender() : null;
    const events = Array.from({ length: size }, () => this.#event(spender ?? this.#spender()));
    return { kind: "record", events, twice: this.#random.chance(8) };
  }

  #event(spender: Hex): UsageEvent {
    const random = this.#random;
    const again = this.#asked.at(-random.between(1, 200));
    if (again !== undefined && random.chance(6)) return again;

    const { meter, dimensions, quantity } = this.#measurement();
    const key =
      random.chance(2) && again !== undefined
        ? // Somebody's id, with something else to say.
          { provider: again.provider, id: again.id }
        : this.#newEventKey();
    const event = {
      ...key,
      spender,
      meter,
      dimensions,
      quantity,
      occurredAt: this.#occurredAt(),
    };
    this.#asked.push(event);
    if (this.#asked.length > 400) this.#asked.splice(0, 200);
    return event;
  }

  /** In the first seconds of the run, where the cards change; sometimes late, and sometimes too late or too early. */
  #occurredAt(): Date {
    const random = this.#random;
    const start = this.#cardsStart.getTime();
    if (random.chance(1)) return new Date(start - DAY_MS - random.below(DAY_MS));
    if (random.chance(1)) return new Date(start + DAY_MS + random.below(DAY_MS));
    if (random.chance(20)) return new Date(start - random.below(1_800_000));
    return new Date(start + random.below(15_000));
  }

  #measurement() {
    const random = this.#random;
    const { most, ...measured } = random.chance(2)
      ? random.pick(UNPRICED)
      : random.pick(MEASUREMENTS);
    return { ...measured, quantity: BigInt(random.between(0, most)) };
  }

  #authorize(): Operation {
    const random = this.#random;
    const id = random.chance(6) ? this.#someHold().id : this.#newHoldId();
    return {
      kind: "authorize",
      request: {
        provider: this.#providerOf(id),
        id,
        spender: this.#spender(),
        ...this.#measurement(),
        ttlSeconds: random.chance(30) ? random.between(1, 2) : 600,
      },
    };
  }

  #capture(): Operation {
    const random = this.#random;
    const key = this.#someHold();
    const again = this.#asked.at(-random.between(1, 50));
    return {
      kind: "capture",
      request: {
        ...key,
        eventId:
          random.chance(3) && again?.provider === key.provider ? again.id : this.#newCaptureId(key),
        quantity: BigInt(random.between(0, random.pick([3, 20, 60, 2_000]))),
        final: random.chance(55),
      },
    };
  }

  #void(): Operation {
    const number = Math.max(0, this.#events - 1 - this.#random.below(60));
    const id = `${this.#random.pick(this.#peers)}-e${number}`;
    return { kind: "void", provider: this.#providerOf(id), id };
  }

  #purchase(account: Address): Operation {
    const amountMicros = BigInt(this.#random.between(1_000, 150_000));
    return {
      kind: "chain",
      events: [{ type: "purchased", account, payer: account, amountMicros, tokenAmount: 1n }],
    };
  }

  #refundRequest(): Operation {
    const account = this.#random.pick(this.#world.accounts);
    const requestedMicros = BigInt(this.#random.between(1, 30_000));
    return {
      kind: "chain",
      // An account has one open request at a time: the one before was served.
      events: [
        { type: "refund_served", account },
        { type: "refund_requested", account, requestedMicros },
      ],
    };
  }

  /** All that was signed before is void; a new allowance makes up for it. */
  #raiseCounter(): Operation {
    const { accounts } = this.#world;
    const account = accounts.at(-1) ?? accounts[0];
    const counter = this.#counterOf(account) + 1n;
    this.#counters.set(account, counter);
    this.#queue.push(this.#allow({ account, limit: maxUint64, priority: 2 }));
    return { kind: "chain", events: [{ type: "counter_raised", account, counter }] };
  }

  #counterOf(account: Address): bigint {
    return this.#counters.get(account) ?? 0n;
  }

  #addAllowance(): Operation {
    const random = this.#random;
    const known = this.#allowances.at(-random.between(1, 10));
    if (known !== undefined && (this.#salt > MAX_ADDED || random.chance(10))) {
      return { kind: "allow", signed: known };
    }
    const startSeconds = BigInt(Math.floor(this.#start.getTime() / 1000));
    const { providers } = this.#world;
    const limit = BigInt(random.between(0, 40_000));
    return this.#allow(
      {
        limit: random.chance(20) ? maxUint64 : limit,
        period: BigInt(random.pick([0, 0, 1, 1, 2, 5, 3_600])),
        rollover: random.pick([0n, 0n, limit / 2n, limit * 3n]),
        startsAt: random.chance(85) ? startSeconds : startSeconds + BigInt(random.between(1, 6)),
        expiresAt: random.chance(70) ? 0n : startSeconds + BigInt(random.between(1, 20)),
        priority: random.between(0, 3),
        accountCap: random.chance(85) ? maxUint64 : BigInt(random.between(1_000, 500_000)),
      },
      random.pick([
        NO_SCOPE,
        NO_SCOPE,
        { providers: [random.pick(providers)], meters: [] },
        { providers: [], meters: ["requests", "gpu.seconds"] },
        { providers: [...providers], meters: ["llm.tokens"] },
      ]),
    );
  }

  #allow(wish: Partial<AllowanceMessage>, scope: Scope = NO_SCOPE): Operation {
    const account = wish.account ?? this.#random.pick(this.#world.accounts);
    const message: AllowanceMessage = {
      account,
      spender: this.#spender(),
      limit: 0n,
      period: 0n,
      rollover: 0n,
      startsAt: 0n,
      expiresAt: 0n,
      priority: 1,
      scope: scopeHash(scope),
      accountCap: maxUint64,
      counter: this.#counterOf(account),
      salt: BigInt(this.#salt++),
      ...wish,
    };
    const signed: SignedAllowance = {
      id: allowanceId(DEPLOYMENT, message),
      message,
      scope,
      signature: "0x00",
    };
    this.#allowances.push(signed);
    return { kind: "allow", signed };
  }

  #revoke(): Operation {
    const known = this.#allowances.at(-this.#random.between(1, 12));
    return known === undefined ? this.#record() : { kind: "revoke", id: known.id };
  }

  #spender(): Hex {
    return this.#random.pick(this.#world.spenders);
  }

  #newEventKey() {
    for (;;) {
      const id = `${this.#name}-e${this.#events++}`;
      const provider = this.#providerOf(id);
      // Most events are of providers that may bill: a refusal for want of access is soon told.
      if (this.#world.trusted.includes(provider) || this.#random.chance(20))
        return { provider, id };
    }
  }

  #newHoldId(): string {
    for (;;) {
      const id = `${this.#name}-h${this.#holds++}`;
      if (this.#world.trusted.includes(this.#providerOf(id)) || this.#random.chance(20)) return id;
    }
  }

  /** A capture is a usage event of the hold's provider, so its id is one of that provider's. */
  #newCaptureId({ provider }: { provider: Address }): string {
    for (;;) {
      const key = this.#newEventKey();
      if (key.provider === provider) return key.id;
    }
  }

  #someHold() {
    const number = Math.max(0, this.#holds - 1 - this.#random.below(8));
    const id = `${this.#random.pick(this.#peers)}-h${number}`;
    return { provider: this.#providerOf(id), id };
  }

  /** An id tells its provider by its number: so a peer's id can be guessed, and is never two providers'. */
  #providerOf(id: string): Address {
    const { providers } = this.#world;
    const number = Number(/\d+$/.exec(id)?.[0] ?? 0);
    return providers[number % providers.length] ?? providers[0];
  }
}
