import { readDuties } from "@compute-credits/client/insight/readDuties";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

export const dutiesVerb = verb({
  name: "duties",
  reader: "operator",
  summary: "Lists refunds and challenges by their deadlines",
  details: "For operators and auditors. The first to be due come first, at most 100 of each.",
  examples: ["duties --key-file operator.key"],
  asks: null,
  options: {},
  run: async (context) => show(await readDuties(context.api)),
});
