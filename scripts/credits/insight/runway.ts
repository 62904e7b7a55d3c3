import { readRunway } from "@compute-credits/client/insight/readRunway";
import { ADDRESS, optional } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

export const runwayVerb = verb({
  name: "runway",
  reader: "user",
  summary: "Shows how long the credits last",
  examples: ["runway --wallet alice"],
  asks: null,
  options: { account: optional(ADDRESS, "in place of the wallet or of the key's account") },
  async run(context, { account }) {
    const address = await context.party(account);
    const answer = await readRunway(context.api, { account: address });
    const windows = answer.windows.map(
      ({ windowSeconds, spentMicros, burnMicrosPerHour, runway }) => ({
        ofTheLast: `${windowSeconds / 3600n} h`,
        spentMicros,
        anHourMicros: burnMicrosPerHour,
        lasts: runway.secondsToZero === null ? runway.reason : `${runway.secondsToZero} s`,
      }),
    );
    return show(answer, humanLines({ account: address, asOf: answer.asOf, windows }));
  },
});
