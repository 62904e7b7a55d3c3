import { type Address, type Hex, maxUint64 } from "viem";

import type { HoldKey } from "@compute-credits/rules/holds/requests";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { QuoteRequest } from "../../server/stores/pricing/quoteStore.ts";
import type { Operation } from "../operations.ts";
import type { Parties } from "../parties.ts";
import { type Random, seededRandom } from "../random.ts";
import { AllowanceGenerator } from "./allowanceGenerator.ts";
import { IdGenerator } from "./idGenerator.ts";
import { randomMeasurement, randomMovingMeasurement } from "./measurements.ts";

const DAY_MS = 86_400_000;
/** In micro-credits: less than most events cost. */
const SMALL_LIMIT = 700n;
/** Recent events, which later operations repeat or contradict. */
const MAX_KEPT_EVENTS = 400;

export interface LanePlan {
  readonly parties: Parties;
  readonly name: string;
  /** other lanes of the same parties, whose events and holds this one uses too */
  readonly peers: readonly string[];
  /** the dates of cards count from here */
  readonly cardsStart: Date;
  /** the dates of the lane's allowances count from here */
  readonly start: Date;
  /**
   * at most 15; 0 for all but one lane per account: another one could not know the counter without
   * an answer
   */
  readonly raisesPerMille: number;
  /** for predicted lanes only: they keep quotes, which are answers, and use them later */
  readonly quotes: boolean;
}

/**
 * Generates the operations of one lane: a pure function of the seed, the lane's plan and the start.
 * Operations refer to earlier requests of this lane and its peers, whatever their outcome.
 */
export class Generator {
  readonly #parties: Parties;
  readonly #cardsStart: Date;
  readonly #raisesPerMille: number;
  readonly #usesQuotes: boolean;
  readonly #queue: Operation[] = [];
  readonly #random: Random;
  readonly #ids: IdGenerator;
  readonly #allowances: AllowanceGenerator;
  readonly #events: UsageEvent[] = [];
  readonly #quotes: QuoteRequest[] = [];
  /** the last cap that was put on record, which the next one adds to */
  #capMicros = 0n;

  constructor(seed: string, plan: LanePlan) {
    const { parties, name, peers, cardsStart, start, raisesPerMille, quotes } = plan;
    this.#parties = parties;
    this.#cardsStart = cardsStart;
    this.#raisesPerMille = raisesPerMille;
    this.#usesQuotes = quotes;
    this.#random = seededRandom(seed, parties.name, name);
    this.#ids = new IdGenerator(parties, name, [name, ...peers], this.#random);
    this.#allowances = new AllowanceGenerator(parties, name, start, this.#random);
  }

  /**
   * Gives every account credits and every spender two allowances: a large one, and before it a small
   * one of another account, which pays a part of an event every two seconds. Puts a cap on record.
   */
  opening(): Operation[] {
    const { accounts, spenders } = this.#parties;
    const purchases = accounts.map((account) => this.#purchase(account));
    const allowances = spenders.map((spender, index) =>
      this.#allowances.allow({
        spender,
        account: accounts[index % accounts.length] ?? accounts[0],
        limit: maxUint64,
        priority: 2,
      }),
    );
    const parts = spenders.map((spender, index) =>
      this.#allowances.allow({
        spender,
        account: accounts[(index + 1) % accounts.length] ?? accounts[0],
        limit: SMALL_LIMIT,
        period: 2n,
        priority: 1,
      }),
    );
    return [...purchases, ...allowances, ...parts, this.#recordCap()];
  }

  next(): Operation {
    const queued = this.#queue.shift();
    if (queued !== undefined) return queued;
    const dice = this.#random.below(1_000);
    if (dice < 20) return this.#reportUtilisation();
    if (dice < 48) return this.#allowances.issue();
    if (dice < 52) return this.#allowances.revokeGrant();
    if (dice < 95 && this.#usesQuotes) return this.#quote();
    if (dice < 145) return this.#allowances.promote();
    if (dice < 460) return this.#record();
    if (dice < 610) return this.#authorizeAndExtend();
    if (dice < 750) return this.#capture();
    if (dice < 770) return this.#extend();
    if (dice < 820) return { kind: "release", key: this.#ids.recentHold() };
    if (dice < 890) return this.#void();
    if (dice >= 940 && dice < 940 + this.#raisesPerMille) return this.#raiseCounter();
    if (dice < 955) return this.#purchase(this.#random.pick(this.#parties.accounts));
    if (dice < 962) return this.#allowances.accept() ?? this.#record();
    if (dice < 972) return this.#refundRequest();
    if (dice < 978) return this.#recordCap();
    if (dice < 992) return this.#allowances.addAllowance();
    return this.#allowances.revoke() ?? this.#record();
  }

  /** Voids recent events, besides the lane's own sequence. */
  voids(count: number): Operation[] {
    return Array.from({ length: count }, () => this.#void());
  }

  #record(): Operation {
    const size = this.#random.chance(60) ? 1 : this.#random.between(2, 60);
    // Most batches have one spender, so that many events share its locks.
    const spender = this.#random.chance(70) ? this.#allowances.spender() : null;
    const events = Array.from({ length: size }, () =>
      this.#event(spender ?? this.#allowances.spender()),
    );
    return { kind: "record", events, twice: this.#random.chance(8) };
  }

  /** Generates an event. A few repeat an earlier event, or reuse its id with other content. */
  #event(spender: Hex): UsageEvent {
    const random = this.#random;
    const earlier = this.#events.at(-random.between(1, 200));
    if (earlier !== undefined && random.chance(6)) return earlier;

    const { meter, dimensions, quantity } = randomMeasurement(random);
    const key =
      random.chance(2) && earlier !== undefined
        ? { provider: earlier.provider, id: earlier.id }
        : this.#ids.newEventKey();
    const event = {
      ...key,
      spender,
      meter,
      dimensions,
      quantity,
      occurredAt: this.#occurredAt(),
    };
    this.#events.push(event);
    if (this.#events.length > MAX_KEPT_EVENTS) this.#events.splice(0, MAX_KEPT_EVENTS / 2);
    return event;
  }

  /**
   * Mostly in the first seconds of the run, when cards change; some late, some too old or too
   * early.
   */
  #occurredAt(): Date {
    const random = this.#random;
    const start = this.#cardsStart.getTime();
    if (random.chance(1)) return new Date(start - DAY_MS - random.below(DAY_MS));
    if (random.chance(1)) return new Date(start + DAY_MS + random.below(DAY_MS));
    if (random.chance(20)) return new Date(start - random.below(1_800_000));
    return new Date(start + random.below(15_000));
  }

  #authorize(): Operation {
    const random = this.#random;
    const id = random.chance(6) ? this.#ids.recentHold().id : this.#ids.newHoldId();
    const work = {
      provider: this.#ids.providerOf(id),
      id,
      spender: this.#allowances.spender(),
      ...randomMeasurement(random),
      ttlSeconds: random.chance(30) ? random.between(1, 2) : 600,
      quoteNumber: null,
    };
    const number = this.#quotes.length - 1 - random.below(4);
    const quote = random.chance(35) ? this.#quotes[number] : undefined;
    if (quote === undefined) return { kind: "authorize", request: work };
    // Uses a quote for its quantity or one more, and now and then for another provider.
    const { provider, meter, dimensions } = quote;
    const quantity = quote.quantity + (random.chance(10) ? 1n : 0n);
    const quotedWork = { meter, dimensions, quantity, quoteNumber: number };
    const request = {
      ...work,
      ...quotedWork,
      id: random.chance(5) ? id : this.#ids.newHoldIdOf(provider),
    };
    return {
      kind: "authorize",
      request: { ...request, provider: this.#ids.providerOf(request.id) },
    };
  }

  #quote(): Operation {
    const random = this.#random;
    const { providers, accounts } = this.#parties;
    const request = {
      provider: random.pick(providers),
      // Mostly the account that pays first.
      account: random.chance(60) ? accounts[0] : random.pick(accounts),
      ...(random.chance(70) ? randomMovingMeasurement(random) : randomMeasurement(random)),
      ttlSeconds: random.pick([1, 2, 600]),
    };
    const number = this.#quotes.push(request) - 1;
    if (random.chance(40)) return this.#quoteBeforeUsage(number, request);
    return { kind: "quote", number, request };
  }

  /**
   * Quotes, then uses much of the same rate, then holds at the quote: a tiered rate's price differs
   * by then.
   */
  #quoteBeforeUsage(number: number, request: QuoteRequest): Operation {
    const { provider, account, meter, dimensions, quantity } = request;
    const { accounts, spenders } = this.#parties;
    // The spender that this account pays for first.
    const spender = spenders[accounts.indexOf(account)] ?? spenders[0];
    const usage = { id: this.#ids.newEventIdOf(provider), quantity: 20n * quantity };
    const occurredAt = this.#cardsStart;
    const event = { provider, spender, meter, dimensions, occurredAt, ...usage };
    const hold = { id: this.#ids.newHoldIdOf(provider), quantity, ttlSeconds: 600 };
    this.#queue.push(
      { kind: "record", events: [event], twice: false },
      {
        kind: "authorize",
        request: { provider, spender, meter, dimensions, quoteNumber: number, ...hold },
      },
    );
    return { kind: "quote", number, request: { ...request, ttlSeconds: 600 } };
  }

  #reportUtilisation(): Operation {
    const random = this.#random;
    return {
      kind: "utilisation",
      report: {
        provider: random.pick(this.#parties.providers),
        meter: random.pick(["network.gib", "network.gib", "network.gib", "requests", "weather"]),
        dimensions: {},
        utilisationBps: BigInt(random.between(0, 10_000)),
      },
    };
  }

  #capture(): Operation {
    const random = this.#random;
    const key = this.#ids.recentHold();
    const earlier = this.#events.at(-random.between(1, 50));
    return {
      kind: "capture",
      request: {
        ...key,
        eventId:
          random.chance(3) && earlier?.provider === key.provider
            ? earlier.id
            : this.#ids.newCaptureId(key.provider),
        quantity: BigInt(random.between(0, random.pick([3, 20, 60, 2_000]))),
        final: random.chance(55),
      },
    };
  }

  /** A quarter of the holds is extended at once, when they are open. */
  #authorizeAndExtend(): Operation {
    const operation = this.#authorize();
    if (operation.kind === "authorize" && this.#random.chance(25)) {
      const { provider, id } = operation.request;
      this.#queue.push(this.#extend({ provider, id }));
    }
    return operation;
  }

  /** Asks for more time, now and then twice with one id. */
  #extend(key: HoldKey = this.#ids.recentHold()): Operation {
    const random = this.#random;
    const ttlSeconds = random.pick([1, 2, 600]);
    const extensionId = `x${random.below(6)}`;
    return { kind: "extend", request: { ...key, extensionId, ttlSeconds, lines: [] } };
  }

  #void(): Operation {
    return { kind: "void", ...this.#ids.recentEvent() };
  }

  #purchase(account: Address): Operation {
    const amountMicros = BigInt(this.#random.between(1_000, 150_000));
    return {
      kind: "chain",
      events: [{ type: "purchased", account, payer: account, amountMicros, tokenAmount: 1n }],
    };
  }

  /** Requests a refund. The simulated vault refuses it while another request is open. */
  #refundRequest(): Operation {
    const account = this.#random.pick(this.#parties.accounts);
    const requestedMicros = BigInt(this.#random.between(1, 30_000));
    const request = { requestedMicros, unspentMicros: 0n, refundedMicros: 0n };
    return { kind: "chain", events: [{ type: "refund_requested", account, ...request }] };
  }

  /**
   * Puts a cap of the contract wallet on record, now and then one that is no higher, or one of a
   * counter to come.
   */
  #recordCap(): Operation {
    const random = this.#random;
    const account = this.#parties.contractWallet;
    const current = this.#allowances.counterOf(account);
    const counter = this.#raisesPerMille > 0 && random.chance(15) ? current + 1n : current;
    if (random.chance(80)) this.#capMicros += BigInt(random.between(1, 120_000));
    const accountCapMicros = this.#capMicros;
    return {
      kind: "chain",
      events: [{ type: "cap_recorded", account, counter, accountCapMicros }],
    };
  }

  /** Raises the last account's counter, which voids its allowances, and queues a new allowance. */
  #raiseCounter(): Operation {
    const { accounts } = this.#parties;
    const account = accounts.at(-1) ?? accounts[0];
    const counter = this.#allowances.raiseCounter(account);
    // The new cap often does not cover what was spent under the old one.
    const accountCap = this.#random.chance(60) ? BigInt(this.#random.between(0, 5_000)) : maxUint64;
    this.#queue.push(
      this.#allowances.allow({ account, limit: maxUint64, priority: 2, accountCap }),
    );
    // The contract wallet spends on only with a cap on record, which need not cover what it spent.
    this.#capMicros /= BigInt(this.#random.between(2, 10));
    if (this.#random.chance(60)) this.#queue.push(this.#recordCap());
    return { kind: "chain", events: [{ type: "counter_raised", account, counter }] };
  }
}
