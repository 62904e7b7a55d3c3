import { readMe } from "@compute-credits/client/sessions/readMe";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

export const meVerb = verb({
  name: "me",
  reader: "user",
  summary: "Shows who you are to the server, and your rights",
  examples: ["me --bearer-file view.key", "me --wallet alice"],
  asks: null,
  options: {},
  run: async (context) => show(await readMe(context.api)),
});
