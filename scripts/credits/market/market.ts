import { Basket } from "@compute-credits/api/market/market";
import { PAGES } from "@compute-credits/api/bounds";
import {
  type BasketLine,
  type MarketOffer,
  readMarket,
} from "@compute-credits/client/market/readMarket";
import { readJsonFile } from "../context/jsonFile.ts";
import {
  FILE,
  PAIR,
  TEXT,
  cursorOf,
  flag,
  optional,
  repeated,
  rowsAtMost,
  whole,
  withDefault,
} from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";
import { urlsOf } from "./profile.ts";
import { MOST_UNITS, dimensionsOf } from "../providers/work.ts";

export const marketVerb = verb({
  name: "market",
  reader: "user",
  summary: "Shows who offers some work, the cheapest first",
  details:
    "By the price of what you name, for an account that has used nothing this month. --basket has " +
    'several lines: [{"meter": "llm.tokens", "quantity": "1000000", "dimensions": {}}]. ' +
    "Nobody checked what providers say of themselves.",
  examples: ["market --gpu H100", "market --gpu H100 --region eu-north-1 --quantity 86400"],
  asks: null,
  options: {
    gpu: optional(TEXT, "short for --dimension gpu=NAME"),
    meter: withDefault(TEXT, "of the work", "gpu.seconds"),
    quantity: withDefault(whole(0n, MOST_UNITS), "in units of the meter", "3600"),
    dimension: repeated(PAIR, "such as gpu=H100"),
    basket: optional(FILE, "several kinds of work as JSON, in place of the options above"),
    region: optional(TEXT, "only providers that name it"),
    anyRate: flag("also rates that do not name each dimension, but would apply"),
    limit: rowsAtMost(PAGES.market.most, PAGES.market.fallback),
    cursor: cursorOf(TEXT),
  },
  async run(context, { basket: file, anyRate, region, limit, cursor, ...work }) {
    const basket =
      file === undefined ? [lineOf(work)] : await readJsonFile("--basket", file, Basket);
    const page = await readMarket(context.publicApi, {
      basket,
      match: anyRate ? "charged" : "named",
      limit,
      ...(region === undefined ? {} : { region }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    context.showUrls(page.offers.flatMap(urlsOf));
    const offers = page.offers.map(rowOf);
    return show(page, humanLines({ offers, asOf: page.asOf, nextCursor: page.nextCursor }));
  },
});

function lineOf({
  gpu,
  meter,
  quantity,
  dimension,
}: {
  readonly gpu?: string | undefined;
  readonly meter: string;
  readonly quantity: bigint;
  readonly dimension: readonly (readonly [string, string])[];
}): BasketLine {
  const named = gpu === undefined ? {} : { gpu };
  return { meter, quantity, dimensions: { ...dimensionsOf(dimension), ...named } };
}

function rowOf({ totalMicros, name, provider, lines, regions, endpoints }: MarketOffer) {
  const reported = lines.flatMap(({ utilisation }) => utilisation?.utilisationBps ?? []);
  const fullest = reported.toSorted((a, b) => (a < b ? 1 : -1))[0];
  return {
    totalMicros,
    name,
    provider,
    inUse: fullest === undefined ? null : `${Number(fullest) / 100} %`,
    regions: regions.join(" "),
    endpoint: endpoints[0] ?? null,
  };
}
