import { isDeepStrictEqual } from "node:util";

import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { SignedQuote } from "../server/stores/pricing/quoteStore.ts";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { SimulatedChain } from "./chain.ts";
import type { ServerPool } from "./serverPool.ts";
import { MULTIPLIER } from "./cards.ts";
import { Disagreement } from "./disagreement.ts";
import type { Journal } from "./journal.ts";
import { keyOf } from "./model/keyOf.ts";
import type { LedgerModel } from "./model/ledgerModel.ts";
import type { ModelQuote } from "./model/state.ts";
import {
  type Window,
  around,
  firstTime,
  isPeriodOf,
  momentsOfDebits,
  mustBeFirstOnce,
  mustBeWithin,
  mustEqual,
  plainHold,
  plainModelHold,
} from "./laneChecks.ts";
import type { Operation } from "./operations.ts";
import { dimensionsText } from "./fingerprint.ts";

/**
 * Does a lane's operations one after the other, and compares each outcome with the model's. Where the ledger tells when it
 * acted, the model acts at that very moment; a refusal tells none, so it must be what the model says of some moment
 * between the question and the answer.
 */
export class PartitionedLane {
  readonly #serverPool: ServerPool;
  readonly #chain: SimulatedChain;
  readonly #journal: Journal;
  readonly model: LedgerModel;
  /** by their number; `null` where the ledger would not quote */
  readonly #quotes = new Map<number, { signed: SignedQuote; known: ModelQuote } | null>();

  constructor(serverPool: ServerPool, chain: SimulatedChain, journal: Journal, model: LedgerModel) {
    this.#serverPool = serverPool;
    this.#chain = chain;
    this.#journal = journal;
    this.model = model;
  }

  async perform(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case "record":
        await this.#record(operation);
        return;
      case "void":
        await this.#void(operation);
        return;
      case "authorize":
        await this.#authorize(operation);
        return;
      case "capture":
        await this.#capture(operation);
        return;
      case "release":
        await this.#release(operation);
        return;
      case "allow": {
        const { signed } = operation;
        const done = await this.#serverPool.perform("allow", signed);
        this.#journal.allowed(signed, done);
        const { output, ...window } = done;
        const known = this.model.allowances.get(signed.id);
        const createdAt = known?.createdAt ?? output.createdAt;
        if (known === undefined) mustBeWithin(window, createdAt, operation);
        if (output.createdAt.getTime() !== createdAt.getTime()) {
          throw new Disagreement("an allowance was made again", { operation, output, known });
        }
        const period = output.usage.periodIndex;
        if (known === undefined && !isPeriodOf(signed.message, period, window)) {
          throw new Disagreement("a budget begins in another period", { operation, output });
        }
        this.model.allow(signed, { createdAt, period });
        return;
      }
      case "revoke": {
        const { output, ...window } = await this.#serverPool.perform("revoke", {
          id: operation.id,
        });
        const known = this.model.allowances.get(operation.id);
        const revokedAt = output?.revokedAt ?? null;
        if (revokedAt === null || known === undefined) {
          throw new Disagreement("an allowance is not revoked", { operation, output });
        }
        if (known.revokedAt === null) mustBeWithin(window, revokedAt, operation);
        else mustEqual("a revocation changed", revokedAt, known.revokedAt, operation);
        this.model.revoke(operation.id, revokedAt);
        return;
      }
      case "issue":
        await this.#issue(operation);
        return;
      case "revokeGrant": {
        const known = this.model.grants.get(`${operation.campaign}|${operation.key}`);
        if (known !== undefined) await this.perform({ kind: "revoke", id: known.id });
        return;
      }
      case "quote":
        await this.#quote(operation);
        return;
      case "utilisation":
        await this.#reportUtilisation(operation);
        return;
      case "chain":
        await this.#chain.append(operation.events);
        for (const event of operation.events) this.model.chainEvent(event);
        return;
      default:
        operation satisfies never;
    }
  }

  async #record({ events, twice }: Extract<Operation, { kind: "record" }>): Promise<void> {
    const performed = await Promise.all(
      Array.from({ length: twice ? 2 : 1 }, () => this.#serverPool.perform("record", events)),
    );
    for (const done of performed) this.#journal.recorded(events, done);

    const window = around(performed);
    const answers = performed.map(({ output }) => output);
    const hadNoCrash = performed.every(({ lost }) => lost === 0);
    const [only] = answers;
    const moments = momentsOfDebits(events, answers, this.model);
    for (const moment of moments) mustBeWithin(window, moment, { events, answers });

    if (answers.length === 1 && hadNoCrash && only !== undefined) {
      this.#mustPredict(events, only, window, moments);
      return;
    }

    // Tried several times: whatever a try did, it did at one moment; what it refused, it could refuse then.
    const possible = this.#predictions(events, window);
    for (const at of moments) {
      const predicted = this.model.record(events, at);
      for (const [index, outcome] of predicted.entries()) {
        if (outcome.result === "debited" && !outcome.repeated) {
          const seen = answers.map((answer) => answer[index]);
          const expected = { ...outcome, repeated: false };
          const agree = seen.some((answer) =>
            isDeepStrictEqual(answer?.result === "debited" ? firstTime(answer) : null, expected),
          );
          if (!agree) {
            throw new Disagreement("a debit was not acknowledged as the model has it", {
              event: events[index],
              predicted: outcome,
              answers: seen,
            });
          }
        }
      }
      possible.push(predicted, ...this.#predictions(events, window));
    }
    for (const answer of answers) {
      for (const [index, outcome] of answer.entries()) {
        const agree = possible.some((predicted) => {
          const one = predicted[index];
          if (one === undefined) return false;
          if (outcome.result === "debited" && one.result === "debited") {
            return isDeepStrictEqual(firstTime(outcome), firstTime(one));
          }
          return isDeepStrictEqual(outcome, one);
        });
        if (!agree) {
          throw new Disagreement("no moment explains the answer", {
            event: events[index],
            answer: outcome,
            possible: possible.map((predicted) => predicted[index]),
          });
        }
      }
    }
    if (hadNoCrash) mustBeFirstOnce(events, answers);
  }

  #mustPredict(
    events: readonly UsageEvent[],
    answer: readonly UsageOutcome[],
    window: Window,
    moments: readonly Date[],
  ): void {
    const [at, another] = moments;
    if (another !== undefined) throw new Disagreement("one batch has two moments", { answer });
    const predictions =
      at === undefined ? this.#predictions(events, window) : [this.model.record(events, at)];
    if (!predictions.some((predicted) => isDeepStrictEqual(predicted, answer))) {
      const [predicted] = predictions;
      const index = answer.findIndex((one, i) => !isDeepStrictEqual(one, predicted?.[i]));
      throw new Disagreement("the model predicts another outcome", {
        event: events[index],
        answer: answer[index],
        predicted: predictions.map((one) => one[index]),
        index,
        of: events.length,
      });
    }
  }

  async #void({ provider, id }: Extract<Operation, { kind: "void" }>): Promise<void> {
    const key = { provider, id };
    const done = await this.#serverPool.perform("void", key);
    this.#journal.voided(key, done);
    const { output, lost } = done;
    const known = this.model.events.get(keyOf(key));
    if (output.result === "voided" && known?.voidedAt === null) {
      mustBeWithin(done, output.voidedAt, { key, output });
      if (output.repeated && lost === 0)
        throw new Disagreement("a void came first", { key, output });
      const predicted = this.model.void(key, output.voidedAt);
      mustEqual("a void", { ...output, repeated: false }, predicted, { key, known });
    } else {
      mustEqual("a void", output, this.model.void(key, done.until), { key, known });
    }
  }

  async #issue({ campaign, grants }: Extract<Operation, { kind: "issue" }>): Promise<void> {
    const done = await this.#serverPool.perform("issue", { campaign, grants });
    const { outcomes, issued } = done.output;
    this.#journal.issued(campaign, grants, done);
    if ("reason" in outcomes) {
      const reasons = this.#moments(done).map((at) => this.model.whyNothingIsGranted(campaign, at));
      if (!reasons.includes(outcomes.reason)) {
        throw new Disagreement("a campaign grants nothing", { campaign, outcomes, reasons });
      }
      return;
    }
    for (const [index, request] of grants.entries()) {
      const outcome = outcomes[index];
      const allowance = issued[index] ?? null;
      const isKnown = this.model.grants.has(`${campaign}|${request.key}`);
      if (outcome?.result === "granted" && !isKnown && allowance !== null) {
        mustBeWithin(done, allowance.createdAt, { request, allowance });
      }
      const predictions = this.#moments(done).map((at) =>
        this.model.grant(campaign, request, { issued: null, at }),
      );
      const seen =
        outcome?.result === "granted"
          ? { granted: true, repeated: done.lost > 0 && !isKnown ? false : outcome.repeated }
          : { refused: outcome?.refusal.reason };
      if (!predictions.some((predicted) => isDeepStrictEqual(predicted, seen))) {
        throw new Disagreement("the model grants otherwise", { request, outcome, predictions });
      }
      if (allowance === null) continue;
      this.model.grant(campaign, request, { issued: allowance, at: done.from });
      const known = this.model.allowance(allowance.id);
      mustEqual("a grant", allowance.message, known.message, { request });
      mustEqual("a grant's scope", allowance.scope, known.scope, { request });
    }
  }

  async #quote({ number, request }: Extract<Operation, { kind: "quote" }>): Promise<void> {
    const done = await this.#serverPool.perform("quote", request);
    const { output: quote } = done;
    const predictions = this.#moments(done).map((at) => this.model.quote(request, at));
    if ("refusal" in quote) {
      this.#quotes.set(number, null);
      if (!predictions.some((each) => each.refusal === quote.refusal)) {
        throw new Disagreement("the model quotes", { request, quote, predictions });
      }
      return;
    }
    const { message } = quote;
    const predicted = predictions.find(
      (each) =>
        each.price !== undefined &&
        each.costMicros === message.costMicros &&
        BigInt(each.price.version) === message.rateCardVersion,
    );
    const expiresAt = new Date(Number(message.expiresAt) * 1000);
    const quotedAt = expiresAt.getTime() - request.ttlSeconds * 1000;
    const isInTime = quotedAt > done.from.getTime() - 1000 && quotedAt <= done.until.getTime();
    if (predicted?.price === undefined || !isInTime) {
      throw new Disagreement("the model quotes otherwise", { request, quote, predictions });
    }
    const { provider, account, meter, quantity } = request;
    const dimensions = dimensionsText(request.dimensions);
    const work = { provider, account, meter, dimensions, quantity };
    const known = { ...work, price: predicted.price, expiresAt };
    this.#quotes.set(number, { signed: quote, known });
  }

  async #reportUtilisation({ report }: Extract<Operation, { kind: "utilisation" }>): Promise<void> {
    const done = await this.#serverPool.perform("utilisation", report);
    const { output, lost } = done;
    if ("step" in output) {
      const { effectiveFrom, afterBps } = output.step;
      mustBeWithin(done, new Date(effectiveFrom.getTime() - 1), { report, output });
      const predicted = this.model.stepped(report, effectiveFrom);
      mustEqual("a step", { stepped: afterBps }, predicted, { report, output });
      return;
    }
    if (output.refusal === "step_too_soon" && lost > 0) {
      // The step that was lost is the one that it comes too soon after.
      const at = new Date(output.nextStepAt.getTime() - MULTIPLIER.stepSeconds * 1000);
      if (at >= done.from) {
        this.model.stepped(report, at);
        return;
      }
    }
    const { refusal } = output;
    // A step takes effect in the next millisecond.
    const attempt = (at: Date) => this.model.stepped(report, new Date(at.getTime() + 1));
    this.#mustPredictOne(done, { refusal }, attempt, report);
  }

  async #authorize({ request }: Extract<Operation, { kind: "authorize" }>): Promise<void> {
    const quoted = request.quoteNumber === null ? null : this.#quotes.get(request.quoteNumber);
    // Nobody has a quote to show that was refused.
    if (quoted === null && request.quoteNumber !== null) return;
    const quote = quoted?.known ?? null;
    const { quoteNumber: _, ...work } = request;
    const done = await this.#serverPool.perform("authorize", {
      ...work,
      quote: quoted?.signed ?? null,
    });
    this.#journal.held(request, done, quote?.price ?? null);
    const { output, lost } = done;
    if (output.result === "refused") {
      this.#mustPredictOne(done, output, (at) => this.model.authorize(request, quote, at), request);
      return;
    }
    const { createdAt } = output.hold;
    const isKnown = this.model.holds.has(keyOf(request));
    if (!isKnown) {
      mustBeWithin(done, createdAt, { request, output });
      if (output.repeated && lost === 0) {
        throw new Disagreement("a hold was there before it was asked for", { request, output });
      }
    }
    const predicted = this.model.authorize(request, quote, isKnown ? done.until : createdAt);
    if (predicted.result !== "held") {
      throw new Disagreement("the model holds nothing", { request, output, predicted });
    }
    mustEqual("a hold", plainHold(output.hold), plainModelHold(predicted.hold), { request });
    if (lost === 0) mustEqual("a repetition", output.repeated, predicted.repeated, { request });
  }

  async #capture({ request }: Extract<Operation, { kind: "capture" }>): Promise<void> {
    const done = await this.#serverPool.perform("capture", request);
    this.#journal.captured(request, done);
    const { output, lost } = done;
    if (output.result === "refused") {
      this.#mustPredictOne(done, output, (at) => this.model.capture(request, at), request);
      return;
    }
    const { recordedAt } = output.debit;
    const key = keyOf({ provider: request.provider, id: request.eventId });
    const isKnown = this.model.events.has(key);
    if (!isKnown) mustBeWithin(done, recordedAt, { request, output });
    const predicted = this.model.capture(request, isKnown ? done.until : recordedAt);
    if (predicted.result !== "captured") {
      throw new Disagreement("the model captures nothing", { request, output, predicted });
    }
    mustEqual("a captured hold", plainHold(output.hold), plainModelHold(predicted.hold), request);
    if (lost === 0) mustEqual("a capture", output.debit, predicted.debit, request);
    else mustEqual("a capture", firstTime(output.debit), firstTime(predicted.debit), request);
  }

  async #release({ key }: Extract<Operation, { kind: "release" }>): Promise<void> {
    const done = await this.#serverPool.perform("release", key);
    const { output, lost } = done;
    if (output.result === "released") {
      const at = output.hold.resolution?.at;
      if (at === undefined) throw new Disagreement("released and open", { key, output });
      mustBeWithin(done, at, { key, output });
      const predicted = this.model.release(key, at);
      if (predicted.result !== "released") {
        throw new Disagreement("the model releases nothing", { key, output, predicted });
      }
      mustEqual("a release", plainHold(output.hold), plainModelHold(predicted.hold), { key });
      return;
    }
    const { refusal } = output;
    if (lost > 0 && refusal.reason === "hold_resolved" && refusal.resolution.as === "released") {
      const known = this.model.holds.get(keyOf(key));
      if (known?.resolution === null) {
        mustBeWithin(done, refusal.resolution.at, { key, output });
        this.model.release(key, refusal.resolution.at);
        return;
      }
    }
    this.#mustPredictOne(done, output, (at) => this.model.release(key, at), key);
  }

  #mustPredictOne(
    window: Window,
    answer: object,
    attempt: (at: Date) => object,
    asked: object,
  ): void {
    const predictions = this.#moments(window).map((at) => this.model.trial(() => attempt(at)));
    if (!predictions.some((predicted) => isDeepStrictEqual(predicted, answer))) {
      throw new Disagreement("the model predicts another outcome", { asked, answer, predictions });
    }
  }

  #predictions(events: readonly UsageEvent[], window: Window): UsageOutcome[][] {
    return this.#moments(window).map((at) => this.model.trial(() => this.model.record(events, at)));
  }

  /** The moments of a window at which something could change: seconds turn periods, and milliseconds end holds. */
  #moments({ from, until }: Window): Date[] {
    const moments = new Set([from.getTime(), until.getTime()]);
    const second = Math.floor(from.getTime() / 1000) * 1000;
    for (let at = second + 1000; at <= until.getTime(); at += 1000) moments.add(at);
    for (const { expiresAt, resolution } of this.model.holds.values()) {
      const at = expiresAt.getTime();
      if (resolution === null && at > from.getTime() && at <= until.getTime()) moments.add(at);
    }
    const turns = [
      ...this.model.cards.map(({ effectiveFrom }) => effectiveFrom),
      ...[...this.model.steps.values()].flatMap((steps) => steps.slice(-1).map(({ at }) => at)),
    ];
    for (const turn of turns) if (turn > from && turn <= until) moments.add(turn.getTime());
    return [...moments].toSorted((a, b) => a - b).map((at) => new Date(at));
  }
}
