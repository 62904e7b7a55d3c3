import { type Address, type Hex, maxUint64 } from "viem";

import { HOLDS } from "@compute-credits/api/bounds";
import { MAIN_LINE } from "@compute-credits/rules/holds/hold";
import type { ExtendRequest, HoldKey, LineCapture } from "@compute-credits/rules/holds/requests";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { QuoteRequest } from "../../server/stores/pricing/quoteStore.ts";
import type { Operation } from "../operations.ts";
import type { Parties } from "../parties.ts";
import { type Random, seededRandom } from "../random.ts";
import { AllowanceGenerator } from "./allowanceGenerator.ts";
import type { SimulatedCapture, SimulatedHold } from "../model/holdRequest.ts";
import { IdGenerator, linesOfHold } from "./idGenerator.ts";
import { randomMeasurement, randomMovingMeasurement } from "./measurements.ts";

const DAY_MS = 86_400_000;
/** In micro-credits: less than most events cost. */
const SMALL_LIMIT = 700n;
/** Recent events, which later operations repeat or contradict. */
const MAX_KEPT_EVENTS = 400;
/** The same of holds, captures and extensions. */
const MAX_KEPT_HOLDS = 20;

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
  /** most operations are about holds, and reports have few events */
  readonly mostlyHolds: boolean;
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
  readonly #mostlyHolds: boolean;
  readonly #queue: Operation[] = [];
  readonly #random: Random;
  readonly #ids: IdGenerator;
  readonly #allowances: AllowanceGenerator;
  readonly #events: UsageEvent[] = [];
  readonly #quotes: QuoteRequest[] = [];
  /** recent requests, which later operations repeat */
  readonly #holds: SimulatedHold[] = [];
  readonly #captures: SimulatedCapture[] = [];
  readonly #extensions: ExtendRequest[] = [];
  /** the last cap that was put on record, which the next one adds to */
  #capMicros = 0n;

  constructor(seed: string, plan: LanePlan) {
    const { parties, name, peers, cardsStart, start, raisesPerMille, quotes, mostlyHolds } = plan;
    this.#parties = parties;
    this.#cardsStart = cardsStart;
    this.#raisesPerMille = raisesPerMille;
    this.#usesQuotes = quotes;
    this.#mostlyHolds = mostlyHolds;
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
    if (dice < 460) return this.#recordOrHold();
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

  #recordOrHold(): Operation {
    const random = this.#random;
    if (!this.#mostlyHolds || random.chance(20)) return this.#record();
    if (random.chance(45)) return this.#capture();
    return random.chance(60) ? this.#authorizeAndExtend() : this.#extend();
  }

  #record(): Operation {
    const most = this.#mostlyHolds ? 6 : 60;
    const size = this.#random.chance(60) ? 1 : this.#random.between(2, most);
    // Most batches have one spender, so that many events share its locks.
    const spender = this.#random.chance(70) ? this.#allowances.spender() : null;
    const events = Array.from({ length: size }, () =>
      this.#event(spender ?? this.#allowances.spender()),
    );
    const grouped = this.#random.chance(40) ? this.#inGroups(events) : events;
    return { kind: "record", events: grouped, twice: this.#random.chance(8) };
  }

  /** Puts some events into groups of up to four, with others between them, and some into one. */
  #inGroups(events: readonly UsageEvent[]): readonly UsageEvent[] {
    const random = this.#random;
    const groups = Array.from({ length: Math.ceil(events.length / 4) }, (_, n) => ({
      id: `group${n}`,
    }));
    return events.map((event) => {
      const group = groups[random.below(groups.length)];
      return group !== undefined && random.chance(60) ? { ...event, group } : event;
    });
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
    const again = this.#holds.at(-random.between(1, 5));
    if (again !== undefined && random.chance(4)) return { kind: "authorize", request: again };
    const [first, ...others] = linesOfHold(id);
    const request: SimulatedHold = {
      provider: this.#ids.providerOf(id),
      id,
      spender: this.#allowances.spender(),
      lines: [
        { line: first, ...randomMeasurement(random) },
        ...others.map((line) => ({ line, ...randomMeasurement(random) })),
      ],
      ttlSeconds: random.chance(30) ? random.between(1, 2) : 600,
      quoteNumber: null,
    };
    this.#holds.push(request);
    if (this.#holds.length > MAX_KEPT_HOLDS) this.#holds.splice(0, MAX_KEPT_HOLDS / 2);
    const number = this.#quotes.length - 1 - random.below(4);
    const quote = random.chance(35) ? this.#quotes[number] : undefined;
    if (quote === undefined || !random.chance(75)) return { kind: "authorize", request };
    // Uses a quote for its quantity or one more, and now and then for another provider.
    const { provider, meter, dimensions } = quote;
    const quantity = quote.quantity + (random.chance(10) ? 1n : 0n);
    const quotedId = random.chance(5) ? id : this.#ids.newHoldIdOf(provider);
    return {
      kind: "authorize",
      request: {
        ...request,
        id: quotedId,
        provider: this.#ids.providerOf(quotedId),
        lines: [{ line: MAIN_LINE, meter, dimensions, quantity }],
        quoteNumber: number,
      },
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
    const hold: SimulatedHold = {
      provider,
      id: this.#ids.newHoldIdOf(provider),
      spender,
      lines: [{ line: MAIN_LINE, meter, dimensions, quantity }],
      ttlSeconds: 600,
      quoteNumber: number,
    };
    this.#queue.push(
      { kind: "record", events: [event], twice: false },
      { kind: "authorize", request: hold },
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

  /** Captures from lines of a recent hold; now and then one again, or from a line that it lacks. */
  #capture({ provider, id }: HoldKey = this.#aHold()): Operation {
    const random = this.#random;
    const key = { provider, id };
    const again = this.#captures.at(-random.between(1, 6));
    if (again !== undefined && random.chance(5)) return { kind: "capture", request: again };
    const [first, ...others] = this.#someLines(key.id);
    // All of several lines must fit.
    const most = random.chance(others.length === 0 ? 60 : 90) ? 1 : random.pick([2, 100]);
    const request: SimulatedCapture = {
      ...key,
      lines: [
        this.#capturedLine(key, first, most),
        ...others.map((line) => this.#capturedLine(key, line, most)),
      ],
      final: random.chance(40),
    };
    this.#captures.push(request);
    if (this.#captures.length > MAX_KEPT_HOLDS) this.#captures.splice(0, MAX_KEPT_HOLDS / 2);
    return { kind: "capture", request };
  }

  /** Captures up to so many times what the hold was asked for. */
  #capturedLine({ provider, id }: HoldKey, line: string, times: number): LineCapture {
    const random = this.#random;
    const hold = this.#holds.findLast((each) => each.id === id && each.provider === provider);
    const held = Number(hold?.lines.find((each) => each.line === line)?.quantity ?? 20n);
    const earlier = this.#events.at(-random.between(1, 50));
    const isKnownId = random.chance(3) && earlier?.provider === provider;
    const eventId = isKnownId ? earlier.id : this.#ids.newCaptureId(provider);
    return { line, eventId, quantity: BigInt(random.between(0, held * times)) };
  }

  /** Mostly a recent hold of this lane, else perhaps one of a peer, or one that was never asked for. */
  #aHold(): HoldKey {
    const own = this.#holds.at(-this.#random.between(1, 6));
    return own !== undefined && this.#random.chance(70) ? own : this.#ids.recentHold();
  }

  /** Some lines of a hold, in any order; rarely one that no hold has. */
  #someLines(id: string): readonly [string, ...string[]] {
    const random = this.#random;
    const lines = linesOfHold(id);
    if (random.chance(3)) return [random.pick(lines), "no such line"];
    if (random.chance(40)) return [random.pick(lines)];
    const start = random.below(lines.length);
    const count = random.between(1, lines.length);
    const rest = [...lines.slice(start), ...lines.slice(0, start)].slice(1, count);
    return [lines[start] ?? lines[0], ...rest];
  }

  /** A quarter of the holds is extended at once, when they are open; half of these is captured. */
  #authorizeAndExtend(): Operation {
    const operation = this.#authorize();
    if (operation.kind !== "authorize") return operation;
    const { provider, id, quoteNumber, lines } = operation.request;
    const key = { provider, id };
    if (this.#random.chance(25)) {
      this.#queue.push(this.#extend(key));
      if (this.#random.chance(50)) this.#queue.push(this.#capture(key));
      if (lines.length === HOLDS.lines.most && quoteNumber === null) this.#fill(key, lines);
    }
    return operation;
  }

  /** Asks for a unit of all lines until the hold would have more lots than it may. */
  #fill(key: HoldKey, lines: SimulatedHold["lines"]): void {
    const added = lines.map(({ line }) => ({ line, quantity: 1n }));
    for (let lots = lines.length; lots <= HOLDS.lots.most; lots += lines.length) {
      const request = { ...key, extensionId: `full${lots}`, ttlSeconds: null, lines: added };
      this.#queue.push({ kind: "extend", request });
    }
  }

  /** Asks for time, for units of some lines, or for both; now and then twice with one id. */
  #extend({ provider, id }: HoldKey = this.#aHold()): Operation {
    const random = this.#random;
    const key = { provider, id };
    const extensionId = `x${random.below(6)}`;
    const again = this.#extensions.at(-random.between(1, 4));
    if (again !== undefined && random.chance(8)) return { kind: "extend", request: again };
    const lines = random.chance(35)
      ? []
      : this.#someLines(key.id).map((line) => ({
          line,
          quantity: BigInt(random.between(1, random.pick([5, 40, 200]))),
        }));
    const ttlSeconds =
      lines.length > 0 && random.chance(40) ? null : random.pick<number>([1, 2, 600]);
    const request = { ...key, extensionId, ttlSeconds, lines };
    this.#extensions.push(request);
    if (this.#extensions.length > MAX_KEPT_HOLDS) this.#extensions.splice(0, MAX_KEPT_HOLDS / 2);
    return { kind: "extend", request };
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
