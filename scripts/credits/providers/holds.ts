import { capture } from "@compute-credits/client/holds/capture";
import { hold } from "@compute-credits/client/holds/hold";
import { readHold } from "@compute-credits/client/holds/readHold";
import { release } from "@compute-credits/client/holds/release";
import { SignedQuoteJson } from "@compute-credits/protocol/json/quote";
import { CUSTOMER, customerKey } from "../context/customer.ts";
import { readJsonFile } from "../context/jsonFile.ts";
import { ADDRESS, FILE, TEXT, count, flag, optional, required, whole } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";
import { WORK, dimensionsOf } from "./work.ts";

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
    quantity: required(whole(0n, 2n ** 63n - 1n), "in units of the meter, up to what is held"),
    keepRest: flag("keeps the rest on hold, for further captures"),
  },
  async run(context, { id: name, event: eventId, quantity, keepRest }) {
    await context.confirmRequest(`Charges ${quantity} units from the hold ${name}.`);
    const captured = { id: name, eventId, quantity, final: !keepRest };
    return show(await capture(context.api, captured));
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
