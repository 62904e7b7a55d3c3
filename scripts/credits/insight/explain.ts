import { explain } from "@compute-credits/client/insight/explain";
import { ADDRESS, TEXT, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

export const explainVerb = verb({
  name: "explain",
  reader: "user",
  summary: "Explains why an event cost what it cost",
  details: "The rate and its computation, who paid, which limits applied, and the checkpoint.",
  examples: ["explain --provider 0x… --event job-4711/gpu --wallet alice"],
  asks: null,
  options: {
    provider: required(ADDRESS, "who charged it"),
    event: required(TEXT, "its id, as the debits have it"),
  },
  async run(context, { provider, event: eventId }) {
    return show(await explain(context.api, { provider, eventId }));
  },
});
