import type { Address } from "viem";

import { MAX_OVERLAP_SECONDS, WEBHOOKS } from "@compute-credits/api/bounds";
import { NAMED_KINDS } from "@compute-credits/api/webhooks/eventKinds";
import {
  createWebhook,
  deleteWebhook,
  listWebhooks,
  rotateWebhookSecret,
  updateWebhook,
} from "@compute-credits/api/webhooks/webhooks";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { Context } from "../context/context.ts";
import { reserveSecretFile } from "../context/secretFile.ts";
import {
  ADDRESS,
  AMOUNT,
  FILE,
  TEXT,
  URL_OF,
  UUID,
  choice,
  count,
  optional,
  repeated,
  required,
  withDefault,
} from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

const of = withDefault(choice("account", "provider", "operator"), "whose it is", "account");
const party = optional(ADDRESS, "the account or provider, in place of the wallet or the key's own");
const id = required(UUID, "its id, as the list has it");
const kind = choice(...first(NAMED_KINDS));
const out = required(FILE, "a new file for the secret that signs the deliveries");

function first<Name extends string>([head, ...rest]: readonly Name[]): readonly [Name, ...Name[]] {
  if (head === undefined) throw new Error("there are no kinds of events");
  return [head, ...rest];
}

export const createWebhookVerb = verb({
  name: "webhooks create",
  reader: "user",
  summary: "Adds an endpoint that gets events",
  details: "The file has the only copy of the secret with which you check deliveries.",
  examples: [
    "webhooks create --url https://receiver.example/hooks --event balance.low --below 5 --out hook.key --wallet alice",
  ],
  asks: null,
  options: {
    url: required(URL_OF, "where events are posted"),
    event: repeated(kind, "a kind of event, at least one; docs/webhooks.md lists them"),
    out,
    of,
    party,
    below: optional(AMOUNT, "balance.low comes below so many credits"),
    description: optional(TEXT, "for lists"),
  },
  async run(
    context,
    { url, event: events, out: file, of: whose, party: given, below, description },
  ) {
    if (events.length === 0)
      throw new UsageError(`Give --event, one of ${NAMED_KINDS.join(", ")}.`);
    const owner = await ownerOf(context, whose, given);
    const body = {
      owner,
      url,
      events,
      ...(description === undefined ? {} : { description }),
      ...(below === undefined ? {} : { thresholds: { balanceBelowMicros: `${below}` } }),
    };
    return await keepingSecret(context, file, async () =>
      context.withSession((api) => api.call(createWebhook, { body })),
    );
  },
});

export const rotateWebhookVerb = verb({
  name: "webhooks rotate",
  reader: "user",
  summary: "Makes a new secret; both sign for a while",
  examples: ["webhooks rotate --id 4be0643f-… --out hook2.key --wallet alice"],
  asks: null,
  options: {
    id,
    out,
    overlap: withDefault(
      count(0, MAX_OVERLAP_SECONDS),
      "seconds for which both sign",
      `${WEBHOOKS.overlapSeconds}`,
    ),
  },
  run: async (context, { id: name, out: file, overlap: overlapSeconds }) =>
    await keepingSecret(context, file, async () =>
      context.withSession((api) =>
        api.call(rotateWebhookSecret, { params: { id: name }, body: { overlapSeconds } }),
      ),
    ),
});

export const listWebhooksVerb = verb({
  name: "webhooks list",
  reader: "user",
  summary: "Lists endpoints that get events",
  examples: ["webhooks list --wallet alice"],
  asks: null,
  options: { of, party },
  async run(context, { of: whose, party: given }) {
    const query = await ownerOf(context, whose, given);
    const answer = await context.withSession((api) => api.call(listWebhooks, { query }));
    const webhooks = answer.webhooks.map((hook) => ({
      id: hook.id,
      url: hook.url,
      events: hook.events.join(" "),
      failingSince: hook.failingSince,
      disabledAt: hook.disabledAt,
    }));
    return show(answer, humanLines({ webhooks }));
  },
});

export const updateWebhookVerb = verb({
  name: "webhooks update",
  reader: "user",
  summary: "Changes an endpoint, or pauses it",
  examples: ["webhooks update --id 4be0643f-… --enabled no --wallet alice"],
  asks: null,
  options: {
    id,
    url: optional(URL_OF, "where events are posted"),
    event: repeated(kind, "the kinds of events, in place of those before"),
    below: optional(AMOUNT, "balance.low comes below so many credits; replaces all thresholds"),
    enabled: optional(choice("yes", "no"), "ends a pause, or begins one"),
  },
  async run(context, { id: name, url, event: events, below, enabled }) {
    const body = {
      ...(url === undefined ? {} : { url }),
      ...(events.length === 0 ? {} : { events }),
      ...(below === undefined ? {} : { thresholds: { balanceBelowMicros: `${below}` } }),
      ...(enabled === undefined ? {} : { enabled: enabled === "yes" }),
    };
    const sent = { params: { id: name }, body };
    return show(await context.withSession((api) => api.call(updateWebhook, sent)));
  },
});

export const deleteWebhookVerb = verb({
  name: "webhooks delete",
  reader: "user",
  summary: "Deletes an endpoint and its deliveries",
  examples: ["webhooks delete --id 4be0643f-… --wallet alice"],
  asks: "lasts",
  options: { id },
  async run(context, { id: name }) {
    await context.confirmRequest(`Deletes the endpoint ${name} and its deliveries.`);
    const sent = { params: { id: name }, body: {} };
    return show(await context.withSession((api) => api.call(deleteWebhook, sent)));
  },
});

async function ownerOf(
  context: Context,
  whose: "account" | "provider" | "operator",
  given: Address | undefined,
) {
  if (whose === "operator") return { party: whose };
  return { party: whose, address: await context.party(given) };
}

/** Reserves the file first, so that the secret is never lost to a file that cannot be written. */
async function keepingSecret(
  { guard }: Context,
  path: string,
  ask: () => Promise<{ readonly webhook: object; readonly secret: string }>,
) {
  const file = await reserveSecretFile("--out", path);
  try {
    const { webhook, secret } = await ask();
    await file.keep(guard(secret));
    return show({ webhook, file: path });
  } finally {
    await file.close();
  }
}
