import { MAX_RATES } from "@compute-credits/api/bounds";
import {
  getRateCard,
  listRateCards,
  publishRateCard,
  rateCardBody,
} from "@compute-credits/api/pricing/rateCards";
import type { z } from "zod";
import { readJsonFile } from "../context/jsonFile.ts";
import { ADDRESS, FILE, count, optional, required, rowsAtMost } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

const Card = rateCardBody(MAX_RATES);

type Body = z.output<typeof Card>;

const file = required(FILE, "the card as JSON: {rates, effectiveFrom?}, as docs/pricing.md has it");

export const previewCardVerb = verb({
  name: "card preview",
  reader: "provider",
  summary: "Checks a rate card, and shows what it would replace",
  details: "Publishes nothing. A card that can be read here may still be refused for its dates.",
  examples: ["card preview --file card.json --bearer-file provider.key"],
  asks: null,
  options: { file },
  async run(context, { file: path }) {
    const card = await readJsonFile("--file", path, Card);
    const provider = await context.party(undefined);
    const query = { provider, limit: 1 };
    const { rateCards } = await context.publicApi.call(listRateCards, { query });
    const newest = rateCards[0] ?? null;
    return show({ provider, card, newest }, [
      ...humanLines({ wouldPublish: card.rates, effectiveFrom: card.effectiveFrom ?? "soonest" }),
      ...(newest === null
        ? ["it would be the first card of this provider"]
        : humanLines({ newestVersion: newest.version, newestRates: newest.rates })),
    ]);
  },
});

export const publishCardVerb = verb({
  name: "card publish",
  reader: "provider",
  summary: "Publishes your next rate card, which never changes",
  examples: ["card publish --file card.json --bearer-file provider.key --yes"],
  asks: "lasts",
  options: { file },
  async run(context, { file: path }) {
    const card = await readJsonFile("--file", path, Card);
    const lines = humanLines({ publishes: card.rates, effectiveFrom: card.effectiveFrom });
    await context.confirmRequest(lines.join("\n"));
    return show(await context.api.call(publishRateCard, { body: asSent(card) }));
  },
});

/** Numbers and times as text again, as the route takes them. */
function asSent({ effectiveFrom, rates }: Body) {
  return { effectiveFrom: effectiveFrom?.toISOString() ?? null, rates };
}

export const listCardsVerb = verb({
  name: "card list",
  reader: "provider",
  summary: "Lists rate cards, newest first, or shows one",
  examples: ["card list --provider 0x…", "card list --version 3"],
  asks: null,
  options: {
    provider: optional(ADDRESS, "only of this provider"),
    version: optional(count(1, 999_999_999), "only this card, with its rates"),
    limit: rowsAtMost(100),
  },
  async run(context, { provider, version, limit }) {
    if (version !== undefined) {
      const params = { version: `${version}` };
      return show(await context.publicApi.call(getRateCard, { params }));
    }
    const query = { limit, ...(provider === undefined ? {} : { provider }) };
    const page = await context.publicApi.call(listRateCards, { query });
    const rateCards = page.rateCards.map((card) => ({
      version: card.version,
      provider: card.provider ?? "operator",
      effectiveFrom: card.effectiveFrom,
      rates: card.rates.length,
    }));
    return show(page, humanLines({ rateCards, nextCursor: page.nextCursor }));
  },
});
