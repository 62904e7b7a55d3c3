import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { urlToHttpOptions } from "node:url";

import { z } from "zod";

import type {
  captureHold,
  extendHold,
  openHold,
  releaseHold,
} from "@compute-credits/api/holds/holds";
import type { Route } from "@compute-credits/api/route";
import type { Sent } from "@compute-credits/client/http/sent";
import { jsonText } from "@compute-credits/protocol/jsonText";
import type { SignedEvidence } from "@compute-credits/protocol/json/evidence";
import { EVIDENCE_REFUSALS } from "@compute-credits/api/problems/evidenceReasons";
import type { SeenEvent, SignSeen } from "./signSeen.ts";
import type { HoldOfLines, Ledger, LineEvent, Opened, Outcome } from "./ledger.ts";

/** Who pays: an API key, which also gives access, or a spender that gave it. */
export type Payer = { readonly apiKey: string } | { readonly spender: string };

export interface LedgerOptions {
  /** the metering server's address */
  readonly server: string;
  /** the provider's */
  readonly key: string;
  readonly payer: Payer;
  /** an answer that takes longer is unknown: the lease sends the same request again */
  readonly timeoutMs: number;
  /** signs what the machine shows; absent: it stays in the journal */
  readonly signSeen?: SignSeen | undefined;
  /** Tells the user. */
  readonly say?: ((line: string) => void) | undefined;
}

type BodyOf<R extends Route> = Sent<R> extends { readonly body: infer Body } ? Body : object;

/** An answer's most bytes: a hold with all that extensions may add has some 100 KB. */
const MOST_BYTES = 1_048_576;

/** Connections to the server, which all leases of an agent share. */
const MOST_CONNECTIONS = 8;

const Parties = z.object({ provider: z.string(), spender: z.string() });

const Problem = z.object({ reason: z.string(), detail: z.string() });

const Refused = z.object({
  result: z.literal("refused"),
  problem: Problem.extend({ status: z.int() }),
});

const Outcomes = z.object({
  outcomes: z.array(z.union([Refused, z.object({ result: z.string() })])),
});

/**
 * The ledger behind a metering server, asked with a provider's key. It asks the routes of the table
 * by Node.js' own client: `fetch` takes three times the agent's CPU (bench/meter.ts).
 */
export function createHttpLedger({
  server,
  key,
  payer,
  timeoutMs,
  signSeen,
  say = () => undefined,
}: LedgerOptions): Ledger {
  const base = new URL(server);
  const isTls = base.protocol === "https:";
  const pool = { keepAlive: true, maxSockets: MOST_CONNECTIONS };
  const agent = isTls ? new HttpsAgent(pool) : new HttpAgent(pool);
  const send = isTls ? httpsRequest : httpRequest;
  /** a URL for each request would take a tenth of the agent's CPU */
  const address = urlToHttpOptions(base);

  async function post(path: string, body: object): Promise<Outcome<string>> {
    const text = jsonText(body);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error("no answer in time")), timeoutMs);
    try {
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const sent = send({
        ...address,
        path,
        method: "POST",
        agent,
        headers: {
          authorization: `Bearer ${key}`,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(text),
        },
        signal: late.signal,
      });
      sent.once("response", resolve).once("error", reject);
      sent.end(text);
      const response = await promise;
      return outcomeOf(response.statusCode ?? 0, await textOf(response));
    } catch (error) {
      return { is: "unknown", said: error instanceof Error ? error.message : String(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Signs what the machine showed of an event. What cannot be signed keeps no charge back. */
  async function signed(event: SeenEvent): Promise<{ readonly evidence?: SignedEvidence }> {
    if (signSeen === undefined || event.seen === undefined) return {};
    try {
      const evidence = await signSeen(event);
      return evidence === null ? {} : { evidence };
    } catch (error) {
      say(`no evidence is sent: ${error instanceof Error ? error.message : String(error)}`);
      return {};
    }
  }

  /** Sends a request with evidence, and without it if the server takes the evidence for bad. */
  async function withEvidence<Answer>(
    attempt: (sends: boolean) => Promise<Outcome<Answer>>,
  ): Promise<Outcome<Answer>> {
    const outcome = await attempt(true);
    if (outcome.is !== "refused" || !EVIDENCE_REASONS.has(outcome.reason)) return outcome;
    say(`charged without evidence, because the server refused it: ${outcome.said}`);
    return await attempt(false);
  }

  return {
    async open({ id, ttlSeconds, lines }: HoldOfLines) {
      const body: BodyOf<typeof openHold> = { id, ttlSeconds, lines, ...payer };
      const outcome = await post("/v1/holds", body);
      if (outcome.is !== "done") return outcome;
      const parsed = Parties.safeParse(jsonOf(outcome.answer));
      return parsed.success ? { is: "done", answer: parsed.data } : NO_ANSWER;
    },
    async extend({ hold, id, ttlSeconds, addUnits }) {
      const lines = Object.entries(addUnits).map(([line, quantity]) => ({ id: line, quantity }));
      const body: BodyOf<typeof extendHold> = { id, ttlSeconds, lines };
      return withoutAnswer(await post(holdPath(hold, "extensions"), body));
    },
    async capture({ hold, lines: parts, isFinal, parties }) {
      return await withEvidence(async (sends) => {
        const lines = await Promise.all(
          Object.entries(parts).map(async ([id, { seen, ...part }]) => {
            const provider = parties?.provider ?? "";
            const shown = sends ? await signed({ provider, ...part, seen }) : {};
            return { id, ...part, ...shown };
          }),
        );
        const body: BodyOf<typeof captureHold> = { lines, final: isFinal };
        return withoutAnswer(await post(holdPath(hold, "captures"), body));
      });
    },
    async release(id) {
      const body: BodyOf<typeof releaseHold> = {};
      return withoutAnswer(await post(holdPath(id, "release"), body));
    },
    report: (events, parties) =>
      withEvidence(async (sends) => {
        const cloudEvents = await Promise.all(
          events.map(async (event) => {
            const { provider } = parties;
            const { id: eventId, quantity, seen } = event;
            const shown = sends ? await signed({ provider, eventId, quantity, seen }) : {};
            return { ...cloudEvent(event, parties, shown), group: TOGETHER };
          }),
        );
        return await reported(cloudEvents);
      }),
  };

  async function reported(events: readonly object[]): Promise<Outcome<object>> {
    const outcome = await post("/v1/usage", events);
    if (outcome.is !== "done") return outcome;
    const parsed = Outcomes.safeParse(jsonOf(outcome.answer));
    if (!parsed.success) return NO_ANSWER;
    for (const one of parsed.data.outcomes) {
      const refused = Refused.safeParse(one);
      if (!refused.success) continue;
      const { reason, detail, status } = refused.data.problem;
      // The one that failed has a reason of its own.
      if (reason === "group_refused") continue;
      return { is: "refused", reason, isUnpaid: status === 402, said: detail };
    }
    return { is: "done", answer: {} };
  }
}

const EVIDENCE_REASONS: ReadonlySet<string> = new Set(EVIDENCE_REFUSALS);

/** The events of a report stand or fall together, as the lines of the capture that it is for. */
const TOGETHER = "capture";

function holdPath(id: string, what: string): string {
  return `/v1/holds/${encodeURIComponent(id)}/${what}`;
}

const NO_ANSWER = { is: "unknown", said: "the answer is none of a metering server" } as const;

function withoutAnswer(outcome: Outcome<string>): Outcome<object> {
  return outcome.is === "done" ? { is: "done", answer: {} } : outcome;
}

function cloudEvent(
  { id, time, meter, dimensions, quantity }: LineEvent,
  { provider: source, spender: subject }: Opened,
  shown: { readonly evidence?: SignedEvidence },
) {
  const type = "compute-credits.usage.v1";
  const data = { meter, quantity, dimensions, ...shown };
  return { specversion: "1.0", type, source, id, time, subject, data };
}

/**
 * A refusal is for good if the server says that the request cannot be. A key that does not count is
 * the provider's to mend, and the request is sent again then.
 */
function outcomeOf(status: number, text: string): Outcome<string> {
  if (status === 200 || status === 201) return { is: "done", answer: text };
  const problem = Problem.safeParse(jsonOf(text));
  if (!problem.success) return { is: "unknown", said: `the server answered ${status}` };
  const { reason, detail: said } = problem.data;
  const isForGood = status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status);
  if (!isForGood) return { is: "unknown", said };
  return { is: "refused", reason, isUnpaid: status === 402, said };
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** `undefined` for a body that is no JSON: no schema takes it. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
