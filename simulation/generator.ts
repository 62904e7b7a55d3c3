import { type Address, type Hex, maxUint64 } from "viem";

import {
  type AllowanceMessage,
  type Scope,
  allowanceId,
  scopeHash,
} from "@compute-credits/protocol/messages/allowance";
import { calendarMonths } from "@compute-credits/protocol/messages/period";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { GrantRequest } from "@compute-credits/rules/grants/grant";
import type { SignedAllowance } from "../server/stores/allowances/allowanceStore.ts";
import type { QuoteRequest } from "../server/stores/pricing/quoteStore.ts";
import type { Operation } from "./operations.ts";
import { type Random, seededRandom } from "./random.ts";
import { DEPLOYMENT, type Parties } from "./parties.ts";

const DAY_MS = 86_400_000;
const NO_SCOPE: Scope = { providers: [], meters: [] };
/** What a lane asks for once in a while, of each kind: more would only make each debit read more allowances. */
const MAX_CAMPAIGNS = 3;
const MAX_GRANTS = 14;
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
  { meter: "network.gib", dimensions: {}, most: 80 },
  { meter: "cpu.seconds", dimensions: {}, most: 150 },
];
const UNPRICED: readonly [Kind, ...Kind[]] = [
  { meter: "storage.gib_hours", dimensions: {}, most: 200 },
  { meter: "weather", dimensions: {}, most: 5 },
];

export interface LanePlan {
  readonly parties: Parties;
  readonly name: string;
  /** other lanes of the same parties, whose events and holds this one meddles with */
  readonly peers: readonly string[];
  /** what the cards' dates count from */
  readonly cardsStart: Date;
  /** what the lane's allowances count from */
  readonly start: Date;
  /** one lane alone knows, without an answer, which counter an account has */
  readonly raisesCounters: boolean;
  /** quotes are answers: a lane that predicts its outcomes keeps them, and shows them again */
  readonly quotes: boolean;
}

/**
 * The operations of one lane: a pure function of the seed, the lane's name, its peers and the time of the start. It
 * refers to what was asked before, by itself or by a peer, whatever came of it.
 */
export class Generator {
  readonly #parties: Parties;
  readonly #name: string;
  readonly #peers: readonly [string, ...string[]];
  readonly #cardsStart: Date;
  readonly #start: Date;
  readonly #raisesCounters: boolean;
  readonly #usesQuotes: boolean;
  readonly #queue: Operation[] = [];
  readonly #random: Random;
  readonly #counters = new Map<Address, bigint>();
  readonly #asked: UsageEvent[] = [];
  readonly #allowances: SignedAllowance[] = [];
  readonly #campaigns: SignedAllowance[] = [];
  readonly #grants: { campaign: Hex; grant: GrantRequest }[] = [];
  readonly #quotes: QuoteRequest[] = [];
  #events = 0;
  #holds = 0;
  #salt = 0;

  constructor(seed: string, plan: LanePlan) {
    const { parties, name, peers, cardsStart, start, raisesCounters, quotes } = plan;
    this.#parties = parties;
    this.#name = name;
    this.#peers = [name, ...peers];
    this.#cardsStart = cardsStart;
    this.#start = start;
    this.#raisesCounters = raisesCounters;
    this.#usesQuotes = quotes;
    this.#random = seededRandom(seed, parties.name, name);
  }

  /** What every lane of a parties has to begin with: credits, and an allowance for each spender. */
  opening(): Operation[] {
    const { accounts, spenders } = this.#parties;
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
    if (dice < 20) return this.#reportUtilisation();
    if (dice < 48) return this.#issue();
    if (dice < 52) return this.#revokeGrant();
    if (dice < 95 && this.#usesQuotes) return this.#quote();
    if (dice < 460) return this.#record();
    if (dice < 610) return this.#authorize();
    if (dice < 770) return this.#capture();
    if (dice < 820) return { kind: "release", key: this.#someHold() };
    if (dice < 890) return this.#void();
    if (dice < 955) return this.#purchase(this.#random.pick(this.#parties.accounts));
    if (dice < 968) return this.#refundRequest();
    if (dice < 971 && this.#raisesCounters) return this.#raiseCounter();
    if (dice < 992) return this.#addAllowance();
    return this.#revoke();
  }

  /** Beside the lane's own course: events that were reported lately are taken back. */
  voids(count: number): Operation[] {
    return Array.from({ length: count }, () => this.#void());
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

  /** Of a rate that soon is another: what a quote is for. */
  #movingMeasurement() {
    const meter = this.#random.pick(["network.gib", "cpu.seconds", "requests"]);
    return { meter, dimensions: {}, quantity: BigInt(this.#random.between(1, 150)) };
  }

  #authorize(): Operation {
    const random = this.#random;
    const id = random.chance(6) ? this.#someHold().id : this.#newHoldId();
    const work = {
      provider: this.#providerOf(id),
      id,
      spender: this.#spender(),
      ...this.#measurement(),
      ttlSeconds: random.chance(30) ? random.between(1, 2) : 600,
      quoteNumber: null,
    };
    const number = this.#quotes.length - 1 - random.below(4);
    const quoted = random.chance(35) ? this.#quotes[number] : undefined;
    if (quoted === undefined) return { kind: "authorize", request: work };
    // What was quoted, or a little more than that; now and then by another provider.
    const { provider, meter, dimensions } = quoted;
    const quantity = quoted.quantity + (random.chance(10) ? 1n : 0n);
    const ofQuoted = { meter, dimensions, quantity, quoteNumber: number };
    const request = {
      ...work,
      ...ofQuoted,
      id: random.chance(5) ? id : this.#newHoldIdOf(provider),
    };
    return { kind: "authorize", request: { ...request, provider: this.#providerOf(request.id) } };
  }

  #quote(): Operation {
    const random = this.#random;
    const { providers, accounts } = this.#parties;
    const request = {
      provider: random.pick(providers),
      // Most often the one that is asked first.
      account: random.chance(60) ? accounts[0] : random.pick(accounts),
      ...(random.chance(70) ? this.#movingMeasurement() : this.#measurement()),
      ttlSeconds: random.pick([1, 2, 600]),
    };
    const number = this.#quotes.push(request) - 1;
    if (random.chance(40)) return this.#quoteBeforeAMove(number, request);
    return { kind: "quote", number, request };
  }

  /** A quote that is taken up after much was used of the same rate: of a tiered one, the price of now is another. */
  #quoteBeforeAMove(number: number, asked: QuoteRequest): Operation {
    const { provider, account, meter, dimensions, quantity } = asked;
    const { accounts, spenders } = this.#parties;
    // The spender whom the account was first to pay for.
    const spender = spenders[accounts.indexOf(account)] ?? spenders[0];
    const used = { id: this.#newEventIdOf(provider), quantity: 20n * quantity };
    const occurredAt = this.#cardsStart;
    const event = { provider, spender, meter, dimensions, occurredAt, ...used };
    const hold = { id: this.#newHoldIdOf(provider), quantity, ttlSeconds: 600 };
    this.#queue.push(
      { kind: "record", events: [event], twice: false },
      {
        kind: "authorize",
        request: { provider, spender, meter, dimensions, quoteNumber: number, ...hold },
      },
    );
    return { kind: "quote", number, request: { ...asked, ttlSeconds: 600 } };
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

  /** Out of a campaign of this lane's own; now and then what was issued before, or something else under its key. */
  #issue(): Operation {
    const random = this.#random;
    const campaign = this.#campaigns.at(-random.between(1, MAX_CAMPAIGNS));
    if (campaign === undefined || (this.#campaigns.length < MAX_CAMPAIGNS && random.chance(10))) {
      return this.#addCampaign();
    }
    const grants = Array.from({ length: random.between(1, 4) }, () => this.#grant(campaign));
    return { kind: "issue", campaign: campaign.id, grants };
  }

  #grant({ id: campaign, message: { startsAt } }: SignedAllowance): GrantRequest {
    const random = this.#random;
    const again = this.#grants.at(-random.between(1, 6));
    if (again?.campaign === campaign && (this.#grants.length >= MAX_GRANTS || random.chance(15))) {
      return random.chance(80) ? again.grant : { ...again.grant, limit: again.grant.limit + 1n };
    }
    if (this.#grants.length >= MAX_GRANTS) {
      // Under a campaign that issued nothing lately: a wish that is refused.
      return this.#newGrant({ startsAt: startsAt - 1n });
    }
    const startSeconds = BigInt(Math.floor(this.#start.getTime() / 1000));
    const grant = this.#newGrant({
      startsAt: random.chance(70) ? null : startSeconds + BigInt(random.between(-3, 4)),
      expiresAt: random.chance(70) ? null : startSeconds + BigInt(random.between(1, 40)),
    });
    this.#grants.push({ campaign, grant });
    return grant;
  }

  #newGrant(dates: Partial<Pick<GrantRequest, "startsAt" | "expiresAt">>): GrantRequest {
    const random = this.#random;
    const limit = BigInt(random.between(0, 20_000));
    return {
      key: `${this.#name}-g${this.#salt++}`,
      spender: this.#spender(),
      limit,
      period: random.pick([0n, 0n, 2n, 3_600n]),
      rollover: random.pick([0n, limit / 2n]),
      startsAt: null,
      expiresAt: null,
      priority: random.chance(50) ? null : random.between(0, 3),
      scope: random.pick([null, null, NO_SCOPE, { providers: [], meters: ["requests"] }]),
      ...dates,
    };
  }

  /** An allowance to a key that spends nothing itself. */
  #addCampaign(): Operation {
    const random = this.#random;
    const startSeconds = BigInt(Math.floor(this.#start.getTime() / 1000));
    const limit = BigInt(random.between(5_000, 60_000));
    const { providers } = this.#parties;
    const operation = this.#allow(
      {
        spender: apiKeySpender(`${this.#parties.name} ${this.#name} campaign ${this.#salt}`),
        limit,
        period: random.pick([0n, 2n, 5n]),
        rollover: random.pick([0n, limit]),
        startsAt: startSeconds - 2n,
        expiresAt: random.chance(70) ? 0n : startSeconds + BigInt(random.between(8, 60)),
        priority: random.between(0, 2),
        accountCap: random.chance(85) ? maxUint64 : BigInt(random.between(50_000, 500_000)),
      },
      random.pick([NO_SCOPE, { providers: [...providers], meters: [] }]),
    );
    if (operation.kind === "allow") this.#campaigns.push(operation.signed);
    return operation;
  }

  #revokeGrant(): Operation {
    const known = this.#grants.at(-this.#random.between(1, 8));
    return known === undefined
      ? this.#issue()
      : { kind: "revokeGrant", campaign: known.campaign, key: known.grant.key };
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
    const account = this.#random.pick(this.#parties.accounts);
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
    const { accounts } = this.#parties;
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
    const { providers } = this.#parties;
    const limit = BigInt(random.between(0, 40_000));
    const period = random.pick([0n, 0n, 1n, 1n, 2n, 5n, 3_600n, calendarMonths(1)]);
    return this.#allow(
      {
        limit: random.chance(20) ? maxUint64 : limit,
        period,
        rollover: random.pick([0n, 0n, limit / 2n, limit * 3n]),
        startsAt:
          period > maxUint64 / 2n
            ? this.#monthBefore(startSeconds + BigInt(random.between(1, 20)))
            : random.chance(85)
              ? startSeconds
              : startSeconds + BigInt(random.between(1, 6)),
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
    const account = wish.account ?? this.#random.pick(this.#parties.accounts);
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
    return this.#random.pick(this.#parties.spenders);
  }

  #newEventKey() {
    for (;;) {
      const id = `${this.#name}-e${this.#events++}`;
      const provider = this.#providerOf(id);
      // Most events are of providers that may bill: a refusal for want of access is soon told.
      if (this.#parties.trusted.includes(provider) || this.#random.chance(20))
        return { provider, id };
    }
  }

  /** So that a month turns while the lane is at work. */
  #monthBefore(seconds: bigint): bigint {
    const time = new Date(Number(seconds) * 1000);
    time.setUTCMonth(time.getUTCMonth() - 1);
    return BigInt(time.getTime() / 1000);
  }

  #newEventIdOf(provider: Address): string {
    for (;;) {
      const id = `${this.#name}-e${this.#events++}`;
      if (this.#providerOf(id) === provider) return id;
    }
  }

  #newHoldIdOf(provider: Address): string {
    for (;;) {
      const id = `${this.#name}-h${this.#holds++}`;
      if (this.#providerOf(id) === provider) return id;
    }
  }

  #newHoldId(): string {
    for (;;) {
      const id = `${this.#name}-h${this.#holds++}`;
      if (this.#parties.trusted.includes(this.#providerOf(id)) || this.#random.chance(20))
        return id;
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
    const { providers } = this.#parties;
    const number = Number(/\d+$/.exec(id)?.[0] ?? 0);
    return providers[number % providers.length] ?? providers[0];
  }
}
