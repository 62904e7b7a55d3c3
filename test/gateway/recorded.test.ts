import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { postgres } from "../fixtures/databases.ts";
import { type GatewayRig, openGatewayRig } from "../fixtures/gatewayRig.ts";
import { eventsOf, recorded, sendStream } from "../fixtures/modelServer.ts";

interface Case {
  readonly stream: string;
  readonly path: string;
  readonly model: string;
  readonly body: object;
  /** tokens as the source counts them, less those that were cached */
  readonly input: bigint;
  readonly output: bigint;
}

const messages = [{ role: "user", content: "hello" }];
const chat = { path: "/v1/chat/completions", model: "small", body: { messages } };

const CASES: readonly Case[] = [
  { ...chat, stream: "openai-chat", input: 10n, output: 5n },
  { ...chat, stream: "vllm-chat-continuous", model: "continuous", input: 15n, output: 9n },
  { ...chat, stream: "sglang-chat", model: "cached", input: 5n, output: 7n },
  { ...chat, stream: "llamacpp-chat", input: 75n, output: 31n },
  {
    ...chat,
    stream: "llamacpp-chat-b6097",
    body: { messages: [{ role: "user", content: "a".repeat(1_000) }], n: 2 },
    input: 1085n,
    output: 247n,
  },
  { ...chat, stream: "ollama-chat", input: 73n, output: 78n },
  {
    stream: "vllm-completions-continuous",
    path: "/v1/completions",
    model: "continuous",
    body: { prompt: "San Francisco is a" },
    input: 5n,
    output: 3n,
  },
  {
    stream: "openai-responses",
    path: "/v1/responses",
    model: "small",
    body: { input: "Say some greetings" },
    input: 13n,
    output: 12n,
  },
  {
    stream: "anthropic-messages",
    path: "/v1/messages",
    model: "small",
    body: { messages, max_tokens: 100 },
    input: 25n,
    output: 15n,
  },
];

describe("a stream of a real server through the gateway", () => {
  let database: Database;
  let rig: GatewayRig;

  before(async () => {
    database = await postgres.open();
    rig = await openGatewayRig(database, () => undefined);
  });
  after(async () => {
    await rig.stop();
    await database.close();
  });

  async function ask(apiKey: string, { path, model, body }: Case, options: object = {}) {
    return await fetch(`${rig.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model, stream: true, ...body, ...options }),
    });
  }

  for (const one of CASES) {
    const cost = one.input + 4n * one.output;

    it(`${one.stream} is charged what the server counts, and passed on without its usage`, async () => {
      const stream = await recorded(one.stream);
      rig.upstream.answerWith((_asked, res) => sendStream(res, stream));
      const { account, apiKey } = await rig.customer("1");
      const text = await (await ask(apiKey, one)).text();
      expect(await rig.spent(account)).to.deep.equal({ spent: cost, held: 0n });

      const told = eventsOf(text);
      const comments = told.filter((event) => event.startsWith(":"));
      expect(comments).to.deep.equal([
        `: credits-cost ${cost}\n\n`,
        `: credits-remaining ${1_000_000n - cost}\n\n`,
      ]);
      const events = told.filter((event) => !event.startsWith(":"));
      expect(events).to.deep.equal(hasOwnUsage(one) ? eventsOf(stream) : hidden(stream));
    });
  }

  it("keeps the usage that its caller asked for", async () => {
    const [one] = CASES;
    if (one === undefined) throw new Error("no case");
    const stream = await recorded(one.stream);
    rig.upstream.answerWith((_asked, res) => sendStream(res, stream));
    const { apiKey } = await rig.customer("1");
    const answer = await ask(apiKey, one, { stream_options: { include_usage: true } });
    const events = eventsOf(await answer.text()).filter((event) => !event.startsWith(":"));
    expect(events.join("")).to.equal(stream);
  });
});

/** These APIs always tell it. */
function hasOwnUsage({ path }: Case): boolean {
  return path === "/v1/responses" || path === "/v1/messages";
}

/** The stream without chunks and fields of usage. */
function hidden(stream: string): string[] {
  return eventsOf(stream).flatMap((event) => {
    const data = event.slice("data: ".length).trimEnd();
    if (data === "[DONE]") return [event];
    const { usage, ...rest } = JSON.parse(data);
    if (usage === undefined || usage === null) return [event];
    return rest.choices.length === 0 ? [] : [`data: ${JSON.stringify(rest)}\n\n`];
  });
}
