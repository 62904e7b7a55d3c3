import type { Address, Hex } from "viem";

import { LIVE_KINDS } from "@compute-credits/api/live/liveEvents";
import { type Watched, watch } from "@compute-credits/client/http/live";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { Context } from "../context/context.ts";
import {
  ADDRESS,
  SPENDER,
  TEXT,
  choice,
  count,
  optional,
  repeated,
  withDefault,
} from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";
import { eventLine } from "./eventLine.ts";

export const watchVerb = verb({
  name: "watch",
  reader: "user",
  summary: "Shows balances, debits and holds as they change",
  details:
    "Until Ctrl-C, which ends it with exit code 0; through broken connections and restarts of the " +
    "server. With --json a document on each line, with the event's id: give the last one to --after " +
    "to go on where an earlier watch ended. --of checkpoints needs no wallet and no key.",
  examples: [
    "watch --wallet alice",
    "watch --of provider --kind debit --json --bearer-file provider.key",
    "watch --of checkpoints --count 1",
  ],
  asks: null,
  isStream: true,
  options: {
    of: withDefault(
      choice("account", "spender", "provider", "checkpoints"),
      "whose events",
      "account",
    ),
    party: optional(ADDRESS, "the account or provider, in place of the wallet or the key's own"),
    spender: optional(SPENDER, "the spender, in place of the wallet or the API key"),
    kind: repeated(choice(...LIVE_KINDS.account), "only events of this kind"),
    after: optional(TEXT, "goes on after the event with this id"),
    count: optional(count(1, 1_000_000_000), "ends after so many events"),
  },
  async run(context, { of, party, spender, kind: kinds, after, count: most = Infinity }) {
    const known = of === "checkpoints" ? [] : LIVE_KINDS[of];
    const unknown = kinds.find((kind) => !known.some((one) => one === kind));
    if (unknown !== undefined) {
      const has = known.length === 0 ? "no kinds to choose from" : `the kinds ${known.join(", ")}`;
      throw new UsageError(`--of ${of} has ${has}, and not ${unknown}.`);
    }
    const watched = await watchedBy(context, of, { party, spender });
    context.sayServer();
    const signal = context.interrupted();
    const events = watch(context.server, watched, {
      ...context.credentials,
      ...(kinds.length === 0 ? {} : { kinds }),
      ...(after === undefined ? {} : { lastEventId: after }),
      signal,
    });
    let seen = 0;
    try {
      for await (const live of events) {
        context.emit(live, eventLine(live));
        seen++;
        if (seen >= most) break;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return { ...show({ seen }), isStream: true };
  },
});

async function watchedBy(
  context: Context,
  of: "account" | "spender" | "provider" | "checkpoints",
  { party, spender }: { readonly party: Address | undefined; readonly spender: Hex | undefined },
): Promise<Watched> {
  switch (of) {
    case "checkpoints":
      return { checkpoints: true };
    case "spender":
      return { spender: await context.spender(spender) };
    case "provider":
      return { provider: await context.party(party) };
    case "account":
      return { account: await context.party(party) };
    default:
      return of satisfies never;
  }
}
