import { listDynamicRates } from "@compute-credits/api/pricing/dynamicRates";
import { reportUtilisation } from "@compute-credits/api/pricing/utilisation";
import { ADDRESS, PAIR, TEXT, optional, repeated, required, whole } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";
import { dimensionsOf } from "../providers/work.ts";

export const dynamicRatesVerb = verb({
  name: "dynamic-rates",
  reader: "provider",
  summary: "Shows dynamic rates and their multipliers now",
  examples: ["dynamic-rates --provider 0x…"],
  asks: null,
  options: { provider: optional(ADDRESS, "in place of the wallet or of the key's provider") },
  async run(context, { provider: given }) {
    const provider = await context.party(given);
    return show(await context.publicApi.call(listDynamicRates, { params: { provider } }));
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
    return show(await context.api.call(reportUtilisation, { body }));
  },
});
