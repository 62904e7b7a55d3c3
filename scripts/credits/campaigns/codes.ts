import { addCodes, closeCode, listCodes } from "@compute-credits/api/allowances/promotionCodes";
import { createPromotionCode } from "@compute-credits/client/wallet/promotionCode";
import { formatCredits } from "@compute-credits/protocol/amounts";
import { promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";
import { writeSecretFile } from "../context/secretFile.ts";
import {
  AMOUNT,
  FILE,
  ID,
  TIME,
  count,
  cursorOf,
  optional,
  required,
  rowsAtMost,
  whole,
  withDefault,
} from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";
import { secondsOf } from "../allowances/seconds.ts";
import { issuingApi } from "./issuingApi.ts";

const campaign = required(ID, "the allowance that the codes come from");

export const addCodesVerb = verb({
  name: "codes add",
  reader: "user",
  summary: "Makes promotion codes of a campaign",
  details:
    "The new file has the codes, a line each, and their only copy: the server has hashes. With an " +
    "issuing key in --bearer-file, or the wallet of the campaign's owner.",
  examples: [
    "codes add --campaign 0x… --credits 5 --count 100 --out codes.txt --key-file ~/wallet.key",
  ],
  asks: "moves",
  options: {
    campaign,
    credits: required(AMOUNT, "what each redemption gives"),
    out: required(FILE, "a new file for the codes"),
    count: withDefault(count(1, 1_000), "how many codes", "1"),
    redemptions: withDefault(whole(1n, 2n ** 63n - 1n), "how often each is redeemed", "1"),
    redeemBy: optional(TIME, "it cannot be redeemed from then on"),
  },
  async run(context, { campaign: id, credits: limit, out, count: most, redemptions, redeemBy }) {
    const codes = Array.from({ length: most }, createPromotionCode);
    const terms = {
      limit,
      maxRedemptions: redemptions,
      ...(redeemBy === undefined ? {} : { redeemBy: secondsOf(redeemBy) }),
    };
    const body = {
      codes: codes.map((code) => ({ codeHash: promotionCodeHash(code), ...terms })),
    };
    const words = `Adds ${most} codes of ${formatCredits(limit)} credits, each redeemed ${redemptions} times.`;
    const api = await issuingApi(context, words);
    // Before the request: its answer may be lost, and the codes count then.
    await writeSecretFile("--out", out, codes.join("\n"));
    const { accepted, refused, outcomes } = await api.call(addCodes, { params: { id }, body });
    return { ...show({ file: out, accepted, refused, outcomes }), hasFailed: refused > 0 };
  },
});

export const listCodesVerb = verb({
  name: "codes list",
  reader: "user",
  summary: "Lists a campaign's codes, by their hashes",
  examples: ["codes list --campaign 0x… --wallet alice"],
  asks: null,
  options: {
    campaign,
    limit: rowsAtMost(1_000),
    cursor: cursorOf(ID),
  },
  async run(context, { campaign: id, limit, cursor }) {
    const query = { limit, ...(cursor === undefined ? {} : { cursor }) };
    const page = await context.api.call(listCodes, { params: { id }, query });
    return show(page);
  },
});

export const closeCodeVerb = verb({
  name: "codes close",
  reader: "user",
  summary: "Closes a code, which is redeemed no more",
  examples: ["codes close --campaign 0x… --code-hash 0x… --key-file ~/wallet.key"],
  asks: "lasts",
  options: { campaign, codeHash: required(ID, "its hash, as the list has it") },
  async run(context, { campaign: id, codeHash }) {
    const api = await issuingApi(context, `Closes the code ${codeHash}.`);
    return show(await api.call(closeCode, { params: { id, codeHash } }));
  },
});
