import { isDeepStrictEqual } from "node:util";

import type { Address } from "viem";

import type { DebitEntry, LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { stepMultiplier } from "@compute-credits/rules/pricing/multiplier";
import { type PinnedRate, pinRate, pricePinned } from "@compute-credits/rules/pricing/pinnedRate";
import { pricedAt } from "@compute-credits/rules/pricing/price";
import { priceBasisOf } from "@compute-credits/rules/pricing/priceBasis";
import { monthOf } from "@compute-credits/rules/pricing/priceDraft";
import {
  type FoundRate,
  type RateIndex,
  type RateQuery,
  findRate,
} from "@compute-credits/rules/pricing/rateIndex";
import { rateKey as keyOf } from "@compute-credits/rules/pricing/rateKey";
import { type AuditState, stepsName } from "./auditState.ts";
import { type Finding, textOfDifference, textOfEvent } from "./finding.ts";
import { UNSEEN_MS } from "./terms.ts";

/**
 * The rates that may price something recorded `now` as of `at`: one, unless a card was published at that very time, when
 * a server may have priced by what it knew a moment before.
 */
export function honestRates(
  auditState: AuditState,
  query: RateQuery,
  { at, now }: { at: Date; now: Date },
): readonly FoundRate[] {
  const found: FoundRate[] = [];
  let index: RateIndex = auditState.rates;
  for (;;) {
    const rate = findRate(index, query, at);
    if (typeof rate !== "string") found.push(rate);
    const newest = newestCard(auditState, index, query.provider, at);
    if (newest === null || now.getTime() - newest.createdAt.getTime() >= UNSEEN_MS) return found;
    index = without(index, newest.version);
  }
}

/** Of the provider's own cards and the operator's in force then, the one that was published last. */
function newestCard(auditState: AuditState, index: RateIndex, provider: Address, at: Date) {
  const inForce = [index.get(provider), index.get(null)].flatMap(
    (cards) => cards?.find(({ card }) => card.effectiveFrom <= at)?.card ?? [],
  );
  const known = inForce.flatMap(({ version }) => {
    const createdAt = auditState.cards.get(version)?.createdAt;
    return createdAt === undefined ? [] : [{ version, createdAt }];
  });
  return known.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())[0] ?? null;
}

function without(index: RateIndex, version: number): RateIndex {
  return new Map(
    [...index].map(([publisher, cards]) => [
      publisher,
      cards.filter(({ card }) => card.version !== version),
    ]),
  );
}

/** The price of a found rate, settled from what the auditor itself knows of usage and multipliers. */
export function pinFromState(
  auditState: AuditState,
  found: FoundRate,
  event: {
    provider: Address;
    account: Address;
    quantity: bigint;
    occurredAt: Date;
    at: Date;
  },
): PinnedRate {
  return pinRate(found, event.quantity, {
    account: event.account,
    monthOf: () => monthOf(event.occurredAt),
    usedUnits: (use) => auditState.usedUnits(use),
    multiplierBps: (rateKey) =>
      auditState.stepAt(stepsName(event.provider, rateKey), event.at)?.afterBps ?? null,
  });
}

/**
 * Prices a usage event again. `accounts`: who may have been the first to pay. The rate that it was to be charged at, and
 * what is wrong with the one that it was.
 */
export function checkPrice(
  auditState: AuditState,
  entry: DebitEntry,
  accounts: readonly Address[],
): { pinned: PinnedRate | null; finding: Finding | null } {
  const at = pricedAt({ occurredAt: entry.occurredAt, now: entry.recordedAt });
  const rates = honestRates(auditState, entry, { at, now: entry.recordedAt });
  const actual = entry.charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  const honest = rates.flatMap((found) =>
    accounts.map((account) => pinFromState(auditState, found, { ...entry, account, at })),
  );
  const right = honest.find(
    (pinned) =>
      pinned.rateCardVersion === entry.rateCardVersion &&
      pricePinned(pinned, entry.quantity) === actual &&
      sameBasis(priceBasisOf(pinned), entry.priceBasis),
  );
  if (right !== undefined) return { pinned: right, finding: null };

  const party = entry.charges[0]?.account ?? null;
  const event = { provider: entry.provider, id: entry.id };
  const [pinned] = honest;
  if (pinned === undefined) {
    return {
      pinned: null,
      finding: {
        kind: "wrong_price",
        party,
        event,
        expected: null,
        actual: `${actual}`,
        differenceMicros: actual,
        text: `${textOfEvent(event)} was charged ${actual} micro-credits, and no card in force then has a price for it`,
      },
    };
  }
  const expected = pricePinned(pinned, entry.quantity);
  const differenceMicros = actual - expected;
  const charged = `${party} was charged ${actual} micro-credits for ${textOfEvent(event)}`;
  if (pinned.rateCardVersion !== entry.rateCardVersion) {
    return {
      pinned,
      finding: {
        kind: "wrong_rate_card",
        party,
        event,
        expected: `card ${pinned.rateCardVersion}: ${expected}`,
        actual: `card ${entry.rateCardVersion}: ${actual}`,
        differenceMicros,
        text: `${charged} by rate card ${entry.rateCardVersion}; card ${pinned.rateCardVersion} was in force, which makes it ${expected}: ${textOfDifference(differenceMicros)}`,
      },
    };
  }
  if (differenceMicros !== 0n) {
    return {
      pinned,
      finding: {
        kind: "wrong_price",
        party,
        event,
        expected: `${expected}`,
        actual: `${actual}`,
        differenceMicros,
        text: `${charged}; its price is ${expected}: ${textOfDifference(differenceMicros)}`,
      },
    };
  }
  const basis = [priceBasisOf(pinned), entry.priceBasis].map(textOf);
  return {
    pinned,
    finding: {
      kind: "wrong_price_basis",
      party,
      event,
      expected: basis[0] ?? null,
      actual: basis[1] ?? null,
      differenceMicros: 0n,
      text: `${textOfEvent(event)} says that its price depends on ${basis[1]}; it depends on ${basis[0]}`,
    },
  };
}

/** A hold's rate is that of the moment when it was made, or one that was quoted not long before. */
export function checkPinnedRate(
  auditState: AuditState,
  entry: LogEntryOf<"hold">,
  accounts: readonly Address[],
  maxQuoteSeconds: number,
): Finding | null {
  const { createdAt: now, quoteExpiresAt } = entry;
  const pins =
    quoteExpiresAt === null
      ? honestRates(auditState, entry, { at: now, now }).flatMap((found) =>
          accounts.map((account) =>
            pinFromState(auditState, found, { ...entry, account, occurredAt: now, at: now }),
          ),
        )
      : quotable(auditState, entry, { now, quoteExpiresAt, maxQuoteSeconds });
  if (pins.some((pinned) => isDeepStrictEqual(pinned, entry.rate))) return null;

  const [pinned] = pins;
  const expected = pinned === undefined ? null : pricePinned(pinned, entry.quantity);
  const actual = pricePinned(entry.rate, entry.quantity);
  return {
    kind: "wrong_pinned_rate",
    party: accounts[0] ?? null,
    event: { provider: entry.provider, id: entry.id },
    expected: pinned === undefined ? null : textOf(pinned),
    actual: textOf(entry.rate),
    differenceMicros: actual - (expected ?? 0n),
    text: `hold ${entry.id} of ${entry.provider} pins ${textOf(entry.rate)}, which makes it ${actual} micro-credits; ${
      pinned === undefined
        ? "no price of then fits it"
        : `it was to pin ${textOf(pinned)}, which makes it ${expected}`
    }`,
  };
}

/**
 * Every price that a quote could have bound: of a card, and with a multiplier, that was in force from when the quote can
 * have been signed at the earliest until the hold. What the account had used by then is the server's word.
 */
function quotable(
  auditState: AuditState,
  entry: LogEntryOf<"hold">,
  {
    now,
    quoteExpiresAt,
    maxQuoteSeconds,
  }: { now: Date; quoteExpiresAt: Date; maxQuoteSeconds: number },
): readonly PinnedRate[] {
  if (quoteExpiresAt <= now) return [];
  const earliest = new Date(quoteExpiresAt.getTime() - maxQuoteSeconds * 1000);
  const moments = [
    earliest,
    now,
    ...[...auditState.cards.values()].map(({ card }) => card.effectiveFrom),
    ...[...auditState.steps.values()].flat().map(({ effectiveFrom }) => effectiveFrom),
  ].filter((moment) => moment >= earliest && moment <= now);
  const { rate } = entry;
  return moments.toReversed().flatMap((at) => {
    const found = findRate(auditState.rates, entry, at);
    if (typeof found === "string") return [];
    return pinRate(found, entry.quantity, {
      account: "use" in rate ? rate.use.account : entry.provider,
      monthOf: () => ("use" in rate ? rate.use.month : monthOf(at)),
      usedUnits: () => ("use" in rate ? rate.usedUnits : 0n),
      multiplierBps: (rateKey) =>
        auditState.stepAt(stepsName(entry.provider, rateKey), at)?.afterBps ?? null,
    });
  });
}

/** Makes a step of a multiplier again from the utilisation that was reported. */
export function checkStep(auditState: AuditState, entry: LogEntryOf<"multiplier">): Finding | null {
  const { provider, rateKey, step } = entry;
  const name = stepsName(provider, rateKey);
  const last = auditState.steps.get(name)?.at(-1) ?? null;
  const wrong = (expected: string, actual: string, why: string): Finding => ({
    kind: "wrong_multiplier",
    party: provider,
    event: null,
    expected,
    actual,
    differenceMicros: null,
    text: `step ${step.step} of the multiplier of ${rateKey} at ${provider} ${why}`,
  });

  const card = auditState.cards.get(step.rateCardVersion)?.card;
  const rate = card?.rates.find((one) => keyOf(card.provider ?? null, one) === rateKey);
  if (rate?.kind !== "dynamic") {
    const why = `names card ${step.rateCardVersion}, which has no such rate`;
    return wrong("a dynamic rate", `card ${step.rateCardVersion}`, why);
  }
  if (step.step !== (last?.step ?? 0) + 1) {
    return wrong(`${(last?.step ?? 0) + 1}`, `${step.step}`, "is not the next one");
  }
  const { utilisationBps, rateCardVersion, effectiveFrom: at } = step;
  const made = stepMultiplier(last, { utilisationBps, rateCardVersion, at }, rate.multiplier);
  if ("tooSoonUntil" in made) {
    return wrong(made.tooSoonUntil.toISOString(), at.toISOString(), "came too soon");
  }
  if (step.beforeBps !== made.beforeBps || step.afterBps !== made.afterBps) {
    return wrong(
      `${made.beforeBps} to ${made.afterBps}`,
      `${step.beforeBps} to ${step.afterBps}`,
      `moves it from ${step.beforeBps} to ${step.afterBps} basis points; a utilisation of ${utilisationBps} moves it from ${made.beforeBps} to ${made.afterBps}`,
    );
  }
  return null;
}

function sameBasis(a: unknown, b: unknown): boolean {
  return textOf(a) === textOf(b);
}

/** Names in order, without what is undefined: equal texts for equal things. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => {
    if (typeof field === "bigint") return `${field}`;
    if (typeof field !== "object" || field === null || Array.isArray(field)) return field;
    return Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
