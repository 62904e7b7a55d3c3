import { z } from "zod";

import { AddressField, SpenderField } from "@compute-credits/protocol/json/fields";
import { route } from "../route.ts";
import { LIVE_EVENTS, LIVE_KINDS } from "./liveEvents.ts";

/** `kinds=balance,debit`; all of them without it. */
function kindsField<const Kinds extends readonly [string, ...string[]]>(kinds: Kinds) {
  const Kind = z.enum(kinds);
  return z.strictObject({
    kinds: z
      .string()
      .max(200)
      .transform((text) => text.split(","))
      .pipe(z.array(Kind).min(1).max(kinds.length))
      .optional()
      .meta({ description: `Names of events, separated by commas: ${kinds.join(", ")}.` }),
  });
}

const HOW =
  "Server-sent events. Each has an `id`: a later request with it as `Last-Event-ID`, to any server " +
  "of the ledger, goes on after it without a gap or a repeat. `reset` says that the id is too old " +
  "or not this ledger's: read what you show anew. `closing` says why the server ends the stream. " +
  "See docs/live.md.";

const eventsAnswer = {
  200: {
    description: "Events until either side ends the stream; the schemas are those of `data`.",
    contentTypes: ["text/event-stream"],
    events: LIVE_EVENTS,
  },
} as const;

const declared = {
  method: "get",
  tag: "live",
  weight: "heavyRead",
  description: HOW,
  answers: eventsAnswer,
  reasons: ["invalid_event_id", "foreign_origin", "too_many_streams"],
} as const;

export const watchAccount = route({
  ...declared,
  id: "watchAccount",
  path: "/v1/accounts/{address}/events",
  summary: "An account's balance, debits, holds, budgets and refunds, live",
  callers: ["owner", "viewKey", "operator", "auditor"],
  params: z.strictObject({ address: AddressField }),
  query: kindsField(LIVE_KINDS.account),
});

export const watchProvider = route({
  ...declared,
  id: "watchProvider",
  path: "/v1/providers/{address}/events",
  summary: "What a provider charges and holds, live",
  callers: ["theProvider", "operator", "auditor"],
  params: z.strictObject({ address: AddressField }),
  query: kindsField(LIVE_KINDS.provider),
});

export const watchSpender = route({
  ...declared,
  id: "watchSpender",
  path: "/v1/spenders/{spender}/events",
  summary: "What a spender uses and has left, live",
  callers: ["theSpender", "operator", "auditor"],
  params: z.strictObject({ spender: SpenderField }),
  query: kindsField(LIVE_KINDS.spender),
});

export const watchCheckpoints = route({
  ...declared,
  id: "watchCheckpoints",
  path: "/v1/checkpoints/events",
  summary: "Checkpoints as they are cut, submitted, final or dropped, live",
  callers: ["anyone"],
});
