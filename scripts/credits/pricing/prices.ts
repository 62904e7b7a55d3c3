import { writeFile } from "node:fs/promises";

import { previewPrices } from "@compute-credits/client/pricing/previewPrices";
import { quote } from "@compute-credits/client/pricing/quote";
import { preview } from "@compute-credits/client/usage/preview";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { jsonText } from "@compute-credits/protocol/jsonText";
import {
  ADDRESS,
  FILE,
  SPENDER,
  count,
  optional,
  required,
  withDefault,
} from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";
import { WORK, dimensionsOf } from "../providers/work.ts";

export const pricesVerb = verb({
  name: "prices",
  reader: "user",
  summary: "Shows what work would cost, and why",
  details: "Charges nothing. With --account at its tier, which takes its credentials.",
  examples: ["prices --provider 0x… --meter gpu.seconds --quantity 90 --dimension gpu=H100"],
  asks: null,
  options: {
    provider: required(ADDRESS, "who would work"),
    ...WORK,
    account: optional(ADDRESS, "who would pay; without prior usage if absent"),
  },
  async run(context, { provider, account, ...work }) {
    const body = { provider, account: account ?? null, measurements: [measured(work)] };
    if (account === undefined) return show(await previewPrices(context.publicApi, body));
    return show(await context.withSession((api) => previewPrices(api, body)));
  },
});

export const quoteVerb = verb({
  name: "quote",
  reader: "user",
  summary: "Asks for a signed price that holds honour",
  details: "Give the file to the provider: its holds take it as --quote until it expires.",
  examples: [
    "quote --provider 0x… --meter gpu.seconds --quantity 90 --out quote.json --wallet alice",
  ],
  asks: null,
  options: {
    provider: required(ADDRESS, "who would work"),
    ...WORK,
    account: optional(ADDRESS, "who would pay, in place of the wallet or of the key's account"),
    ttl: withDefault(count(1, 1_000_000_000), "seconds until it expires", "300"),
    out: optional(FILE, "a new file for the quote"),
  },
  async run(context, { provider, account: given, ttl: ttlSeconds, out, ...work }) {
    const account = await context.party(given);
    const { meter, quantity, dimensions } = measured(work);
    const body = { provider, account, meter, quantity, dimensions, ttlSeconds };
    const quoted = await context.withSession((api) => quote(api, body));
    const { signer, ...signed } = quoted;
    if (out !== undefined) {
      await writeFile(out, `${jsonText(signed, 2)}\n`, { flag: "wx" }).catch((cause: unknown) => {
        throw new UsageError(`--out ${out} cannot be written: name a new file.`, { cause });
      });
    }
    const { costMicros, rateCardVersion, expiresAt } = signed.message;
    const expires = new Date(Number(expiresAt) * 1000);
    return show(quoted, humanLines({ account, costMicros, rateCardVersion, expires, signer }));
  },
});

export const previewVerb = verb({
  name: "preview",
  reader: "user",
  summary: "Shows whether work could be paid now, and by whom",
  details:
    "Charges nothing and holds nothing. A spender gives its API key or its wallet, and names the " +
    "--provider; a provider gives its key, and names the --spender.",
  examples: [
    "preview --provider 0x… --meter requests --quantity 5 --bearer-file agent.key",
    "preview --spender 0x… --meter requests --quantity 5 --bearer-file provider.key",
  ],
  asks: null,
  options: {
    ...WORK,
    provider: optional(ADDRESS, "for a spender: who would work"),
    spender: optional(SPENDER, "for a provider: who would pay"),
  },
  async run(context, { provider, spender, ...work }) {
    const body = {
      provider: provider ?? null,
      spender: spender ?? null,
      measurements: [measured(work)],
    };
    const answer = await context.withSession((api) => preview(api, body));
    const lines = answer.previews.flatMap((one) =>
      one.result === "payable"
        ? humanLines({
            result: "payable",
            costMicros: one.costMicros,
            charges: one.charges,
          })
        : [`refused: ${one.problem.detail} (${one.problem.reason})`],
    );
    return { ...show(answer, lines), hasFailed: answer.refused > 0 };
  },
});

interface Work {
  readonly meter: string;
  readonly quantity: bigint;
  readonly dimension: readonly (readonly [string, string])[];
}

function measured({ meter, quantity, dimension }: Work) {
  return { meter, quantity, dimensions: dimensionsOf(dimension) };
}
