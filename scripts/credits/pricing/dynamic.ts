import { readDynamicRates } from "@compute-credits/client/pricing/readDynamicRates";
import { readMultiplierSteps } from "@compute-credits/client/pricing/readMultiplierSteps";
import { reportUtilisation } from "@compute-credits/client/pricing/reportUtilisation";
import {
  ADDRESS,
  PAIR,
  TEXT,
  cursorOf,
  optional,
  repeated,
  required,
  rowsAtMost,
  whole,
} from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";
import { dimensionsOf } from "../providers/work.ts";

export const dynamicRatesVerb = verb({
  name: "dynamic-rates",
  reader: "provider",
  summary: "Shows dynamic rates and their multipliers now",
  details: "With --rate-key the steps that one of them made, newest first.",
  examples: ["dynamic-rates --provider 0x…", "dynamic-rates --provider 0x… --rate-key TEXT"],
  asks: null,
  options: {
    provider: optional(ADDRESS, "in place of the wallet or of the key's provider"),
    rateKey: optional(TEXT, "of one rate, as the list has it: its steps"),
    limit: rowsAtMost(1_000),
    cursor: cursorOf(TEXT),
  },
  async run(context, { provider: given, rateKey, limit, cursor }) {
    const provider = await context.party(given);
    if (rateKey === undefined) {
      return show({ dynamicRates: await readDynamicRates(context.publicApi, { provider }) });
    }
    const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
    return show(await readMultiplierSteps(context.publicApi, { provider, rateKey, ...page }));
  },
});

export const utilisationVerb = verb({
  name: "utilisation",
  reader: "provider",
  summary: "Reports utilisation, which moves a dynamic rate",
  examples: ["utilisation --meter gpu.seconds --bps 9000 --bearer-file provider.key --yes"],
  asks: "lasts",
  options: {
    meter: required(TEXT, "of the rate"),
    dimension: repeated(PAIR, "of the rate, such as gpu=H100"),
    bps: required(whole(0n, 10_000n), "how much is in use, in hundredths of a percent"),
  },
  async run(context, { meter, dimension, bps: utilisationBps }) {
    await context.confirmRequest(`Reports a utilisation of ${utilisationBps} basis points.`);
    const body = { meter, dimensions: dimensionsOf(dimension), utilisationBps };
    return show(await reportUtilisation(context.api, body));
  },
});
