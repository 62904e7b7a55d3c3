import { capture } from "@compute-credits/client/holds/capture";
import { extendHold } from "@compute-credits/client/holds/extendHold";
import { hold } from "@compute-credits/client/holds/hold";
import { readOpenHolds } from "@compute-credits/client/holds/readOpenHolds";
import { readHold } from "@compute-credits/client/holds/readHold";
import { release } from "@compute-credits/client/holds/release";
import { SignedQuoteJson } from "@compute-credits/protocol/json/quote";
import { CUSTOMER, customerKey } from "../context/customer.ts";
import { readJsonFile } from "../context/jsonFile.ts";
import {
  ADDRESS,
  FILE,
  TEXT,
  count,
  flag,
  optional,
  required,
  whole,
  rowsAtMost,
  withDefault,
} from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";
import { MOST_UNITS, WORK, dimensionsOf } from "./work.ts";

const id = required(TEXT, "your own id of the hold");

export const holdVerb = verb({
  name: "hold",
  reader: "provider",
  summary: "Sets the cost of work aside before it is done",
  details: "All of it or nothing. The same hold again changes nothing.",
  examples: [
    "hold --id job-4712 --meter requests --quantity 5 --ttl 60 --customer-key-file agent.key --bearer-file provider.key --yes",
  ],
  asks: "moves",
  options: {
    id,
    ...WORK,
    ttl: required(count(1, 1_000_000_000), "seconds after which it ends by itself"),
    ...CUSTOMER,
    quote: optional(FILE, "a signed price, as the verb quote wrote it"),
  },
  async run(context, { dimension, ttl: ttlSeconds, quote, customerKeyFile, spender, ...work }) {
    const apiKey = await customerKey(context, { customerKeyFile, spender });
    const signed =
      quote === undefined ? null : await readJsonFile("--quote", quote, SignedQuoteJson);
    const { quantity, meter } = work;
    await context.confirmRequest(
      `Sets the cost of ${quantity} ${meter} aside for ${ttlSeconds} seconds.`,
    );
    return show(
      await hold(context.api, {
        ...work,
        dimensions: dimensionsOf(dimension),
        ttlSeconds,
        quote: signed,
        // Without a key `customerKey` has seen to the spender.
        ...(apiKey === null ? { spender: spender ?? "0x" } : { apiKey }),
      }),
    );
  },
});

export const showHoldVerb = verb({
  name: "holds show",
  reader: "provider",
  summary: "Shows a hold",
  examples: ["holds show --id job-4712 --bearer-file provider.key"],
  asks: null,
  options: { id, provider: optional(ADDRESS, "whose hold, for operators and auditors") },
  run: async (context, { id: name, provider }) =>
    show(await readHold(context.api, { id: name, ...(provider && { provider }) })),
});

export const listHoldsVerb = verb({
  name: "holds list",
  reader: "provider",
  summary: "Lists a provider's open holds, the next to end first",
  examples: ["holds list --bearer-file provider.key"],
  asks: null,
  options: {
    provider: optional(ADDRESS, "whose, for operators and auditors"),
    limit: rowsAtMost(1_000),
  },
  async run(context, { provider: given, limit }) {
    const provider = await context.party(given);
    const page = await readOpenHolds(context.api, { provider, limit });
    const holds = page.holds.map(({ id: holdId, heldMicros, capturedMicros, expiresAt }) => ({
      hold: holdId,
      heldMicros,
      capturedMicros,
      ends: expiresAt,
    }));
    return show(page, humanLines({ holds, isAll: page.isAll }));
  },
});

export const captureVerb = verb({
  name: "capture",
  reader: "provider",
  summary: "Charges from a hold what the work took",
  details: "At the pinned price. Returns the rest, unless --keep-rest is given.",
  examples: [
    "capture --id job-4712 --event job-4712/1 --quantity 3 --bearer-file provider.key --yes",
  ],
  asks: "moves",
  options: {
    id,
    event: required(TEXT, "your own id of what is charged"),
    quantity: required(whole(0n, MOST_UNITS), "in units of the meter, up to what is held"),
    line: withDefault(TEXT, "the line of the hold", "main"),
    keepRest: flag("keeps the rest on hold, for further captures"),
  },
  async run(context, { id: name, event: eventId, quantity, line, keepRest }) {
    await context.confirmRequest(`Charges ${quantity} units from the hold ${name}.`);
    const captured = { id: name, eventId, line, quantity, final: !keepRest };
    return show(await capture(context.api, captured));
  },
});

export const extendVerb = verb({
  name: "extend",
  reader: "provider",
  summary: "Adds time and units to a hold",
  details:
    "All of it or nothing; units at the price of now. The same extension again changes nothing.",
  examples: [
    "extend --id job-4712 --extension more-1 --ttl 60 --quantity 5 --bearer-file provider.key --yes",
  ],
  asks: "moves",
  options: {
    id,
    extension: required(TEXT, "your own id of what is added"),
    ttl: optional(count(1, 1_000_000_000), "seconds from now until it ends by itself"),
    quantity: optional(whole(1n, MOST_UNITS), "units to add, in units of the meter"),
    line: withDefault(TEXT, "the line that gets them", "main"),
  },
  async run(context, { id: holdId, extension, ttl: ttlSeconds = null, quantity, line }) {
    const lines = quantity === undefined ? [] : [{ id: line, quantity }];
    const time = ttlSeconds === null ? "" : ` It ends in ${ttlSeconds} seconds or later.`;
    await context.confirmRequest(`Adds ${quantity ?? 0n} units to the hold ${holdId}.${time}`);
    return show(await extendHold(context.api, { holdId, id: extension, ttlSeconds, lines }));
  },
});

export const releaseVerb = verb({
  name: "release",
  reader: "provider",
  summary: "Returns the rest of a hold",
  examples: ["release --id job-4712 --bearer-file provider.key --yes"],
  asks: "lasts",
  options: { id },
  async run(context, { id: name }) {
    await context.confirmRequest(`Returns the rest of the hold ${name}, and ends it.`);
    return show(await release(context.api, { id: name }));
  },
});
