import { CAPTURE_BODIES, HOLD_BODIES } from "@compute-credits/api/holds/holds";
import { capture } from "@compute-credits/client/holds/capture";
import { hold } from "@compute-credits/client/holds/hold";
import { CUSTOMER, customerKey } from "../context/customer.ts";
import { readJsonFile } from "../context/jsonFile.ts";
import { FILE, TEXT, count, flag, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

/** As the API has them: the file is the field `lines` of the body. */
const HELD_LINES = HOLD_BODIES.severalLines.spender.shape.lines;
const CAPTURED_LINES = CAPTURE_BODIES.severalLines.shape.lines;

const id = required(TEXT, "your own id of the hold");

export const holdLinesVerb = verb({
  name: "holds open",
  reader: "provider",
  summary: "Sets the cost of several kinds of work aside",
  details:
    'All lines or none. The file has a list like [{"id": "in", "meter": "llm.tokens", ' +
    '"dimensions": {"direction": "input"}, "quantity": "900"}]. For one line, `hold` is shorter.',
  examples: [
    "holds open --id job-4712 --lines lines.json --ttl 60 --customer-key-file agent.key --bearer-file provider.key --yes",
  ],
  asks: "moves",
  options: {
    id,
    lines: required(FILE, "what to set aside, line by line"),
    ttl: required(count(1, 1_000_000_000), "seconds after which it ends by itself"),
    ...CUSTOMER,
  },
  async run(context, { id: name, lines: file, ttl: ttlSeconds, customerKeyFile, spender }) {
    const lines = await readJsonFile("--lines", file, HELD_LINES);
    const apiKey = await customerKey(context, { customerKeyFile, spender });
    const work = lines.map(({ quantity, meter }) => `${quantity} ${meter}`).join(", ");
    await context.confirmRequest(
      `Sets the cost of ${work} aside for ${ttlSeconds} seconds: all of it or nothing.`,
    );
    return show(
      await hold(context.api, {
        id: name,
        lines,
        ttlSeconds,
        // Without a key `customerKey` has seen to the spender.
        ...(apiKey === null ? { spender: spender ?? "0x" } : { apiKey }),
      }),
    );
  },
});

export const captureLinesVerb = verb({
  name: "holds capture",
  reader: "provider",
  summary: "Charges from several lines of a hold",
  details:
    'All lines or none. The file has a list like [{"id": "in", "eventId": "job-4712/in", ' +
    '"quantity": "850"}]. Returns the rest, unless --keep-rest is given.',
  examples: ["holds capture --id job-4712 --lines used.json --bearer-file provider.key --yes"],
  asks: "moves",
  options: {
    id,
    lines: required(FILE, "what to charge, line by line"),
    keepRest: flag("keeps the rest on hold, for further captures"),
  },
  async run(context, { id: name, lines: file, keepRest }) {
    const lines = await readJsonFile("--lines", file, CAPTURED_LINES);
    const units = lines.map(({ id: line, quantity }) => `${quantity} of ${line}`).join(", ");
    await context.confirmRequest(`Charges from the hold ${name}, in units: ${units}.`);
    return show(await capture(context.api, { id: name, lines, final: !keepRest }));
  },
});
