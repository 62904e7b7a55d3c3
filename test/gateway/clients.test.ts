import Anthropic, {
  APIError as AnthropicError,
  AuthenticationError as AnthropicAuthenticationError,
} from "@anthropic-ai/sdk";
import { expect } from "chai";
import OpenAI, { APIError, AuthenticationError } from "openai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { eventually } from "../../scripts/local/eventually.ts";
import { postgres } from "../fixtures/databases.ts";
import { type GatewayRig, openGatewayRig } from "../fixtures/gatewayRig.ts";
import {
  type ModelAnswer,
  eventsOf,
  recorded,
  sendEvents,
  sendStream,
} from "../fixtures/modelServer.ts";

const messages = [{ role: "user" as const, content: "hello" }];
const model = "small";

describe("through the gateway", () => {
  let database: Database;
  let rig: GatewayRig;
  let apiKey: string;
  let account: `0x${string}`;

  before(async () => {
    database = await postgres.open();
    rig = await openGatewayRig(database, () => undefined);
  });
  after(async () => {
    await rig.stop();
    await database.close();
  });
  beforeEach(async () => {
    ({ account, apiKey } = await rig.customer("1"));
    rig.upstream.asked.length = 0;
  });

  const openai = (options: object = {}) =>
    new OpenAI({ baseURL: `${rig.url}/v1`, apiKey, maxRetries: 0, ...options });

  const anthropic = (options: object = {}) =>
    new Anthropic({ baseURL: rig.url, apiKey, maxRetries: 0, ...options });

  async function replay(name: string): Promise<void> {
    const stream = await recorded(name);
    rig.upstream.answerWith((_asked, res) => sendStream(res, stream));
  }

  describe("OpenAI's client", () => {
    it("streams a chat, with the usage if it asks", async () => {
      await replay("openai-chat");
      const params = { model, messages, stream: true } as const;
      const parts: string[] = [];
      for await (const chunk of await openai().chat.completions.create(params)) {
        parts.push(chunk.choices[0]?.delta.content ?? "");
        expect(chunk.usage ?? null).to.equal(null);
      }
      expect(parts.join("")).to.equal("Hi, how are you?");
      expect((await rig.spent(account)).spent).to.equal(30n);

      let total = 0;
      const asking = { ...params, stream_options: { include_usage: true } };
      for await (const chunk of await openai().chat.completions.create(asking)) {
        total += chunk.usage?.total_tokens ?? 0;
      }
      expect(total).to.equal(15);
    });

    it("calls tools", async () => {
      rig.upstream.answerWith(answerJson(TOOL_CALL));
      const answer = await openai().chat.completions.create({
        model,
        messages,
        tools: [{ type: "function", function: { name: "weather", parameters: {} } }],
      });
      const [call] = answer.choices[0]?.message.tool_calls ?? [];
      expect(call?.type === "function" ? call.function.arguments : null).to.equal('{"in":"Bern"}');
      expect((await rig.spent(account)).spent).to.equal(50n + 4n * 8n);
    });

    it("embeds, completes, responds, and lists models", async () => {
      const usage = { prompt_tokens: 8, total_tokens: 8 };
      rig.upstream.answerWith(
        answerJson({ object: "list", data: [{ index: 0, embedding: [0.5] }], usage }),
      );
      const { data } = await openai().embeddings.create({
        model,
        input: "a",
        encoding_format: "float",
      });
      expect(data[0]?.embedding).to.deep.equal([0.5]);
      expect((await rig.spent(account)).spent).to.equal(8n);

      await replay("vllm-completions-continuous");
      const completion = {
        model: "continuous",
        prompt: "San Francisco is a",
        stream: true,
      } as const;
      const texts: string[] = [];
      for await (const chunk of await openai().completions.create(completion)) {
        texts.push(chunk.choices[0]?.text ?? "");
      }
      expect(texts.join("")).to.equal(" top holiday city");
      expect((await rig.spent(account)).spent).to.equal(8n + 17n);

      await replay("openai-responses");
      const events: string[] = [];
      for await (const event of await openai().responses.create({
        model,
        input: "hi",
        stream: true,
      })) {
        if (event.type === "response.output_text.delta") events.push(event.delta);
        if (event.type === "response.completed")
          events.push(` ${event.response.usage?.total_tokens}`);
      }
      expect(events.join("")).to.equal("Greetings, hello, hi, hey, salutations! 25");
      expect((await rig.spent(account)).spent).to.equal(8n + 17n + 61n);

      const names = [];
      for await (const one of openai().models.list()) names.push(one.id);
      expect(names).to.include(model);
    });

    it("throws its own errors for refusals, which it does not repeat", async () => {
      const poor = await rig.customer("0.0001");
      const failing = openai({ apiKey: poor.apiKey, maxRetries: 2 });
      const error = await caught(failing.chat.completions.create({ model, messages }));
      if (!(error instanceof APIError)) throw error;
      expect(error.status).to.equal(402);
      expect(error.code).to.equal("insufficient_credits");
      expect(error.message).to.contain("too few credits");
      const unknown = await caught(
        openai({ apiKey: "short" }).chat.completions.create({ model, messages }),
      );
      expect(unknown).to.be.instanceOf(AuthenticationError);
      expect(rig.upstream.asked).to.deep.equal([]);
    });

    it("tries again if the upstream fails, and is charged for what succeeded", async () => {
      const [first, then] = [await recorded("openai-chat"), TOOL_CALL];
      let tries = 0;
      rig.upstream.answerWith((asked, res, req) => {
        if (++tries === 1) res.writeHead(503, { "retry-after-ms": "1" }).end("{}");
        else void answerJson(then)(asked, res, req);
      });
      await openai({ maxRetries: 1 }).chat.completions.create({ model, messages });
      expect(tries).to.equal(2);
      expect(first).not.to.equal("");
      expect((await rig.spent(account)).spent).to.equal(82n);
    });

    it("leaves in the middle, and is charged what reached it", async () => {
      const events = eventsOf(await recorded("vllm-chat-continuous"));
      const { promise: upstreamClosed, resolve } = Promise.withResolvers<void>();
      rig.upstream.answerWith(async (_asked, res) => {
        res.once("close", resolve);
        // The fourth event is the third token. The others never come.
        await sendEvents(res, events.slice(0, 4));
      });
      const stream = await openai().chat.completions.create({
        model: "continuous",
        messages,
        stream: true,
      });
      const parts: string[] = [];
      for await (const chunk of stream) {
        parts.push(chunk.choices[0]?.delta.content ?? "");
        if (parts.length === 4) break;
      }
      await upstreamClosed;
      await eventually("the charge", async () => (await rig.spent(account)).held === 0n);
      expect(parts.join("")).to.equal("vLLM");
      expect((await rig.spent(account)).spent).to.equal(15n + 4n * 3n);
    });

    it("is told of a stream that broke off, and is charged what reached it", async () => {
      const events = eventsOf(await recorded("vllm-chat-continuous"));
      rig.upstream.answerWith(async (_asked, res) => {
        await sendEvents(res, events.slice(0, 3));
        res.destroy();
      });
      const stream = await openai().chat.completions.create({
        model: "continuous",
        messages,
        stream: true,
      });
      const error = await caught(drained(stream));
      expect(error).to.be.instanceOf(APIError);
      expect(String(error)).to.contain("broke off");
      expect(await rig.spent(account)).to.deep.equal({ spent: 15n + 4n * 2n, held: 0n });
    });
  });

  describe("Anthropic's client", () => {
    const params = { model, messages, max_tokens: 100 };

    it("streams a message", async () => {
      await replay("anthropic-messages");
      const message = await anthropic().messages.stream(params).finalMessage();
      expect(message.content).to.deep.include({ type: "text", text: "Hello!" });
      expect(message.usage.output_tokens).to.equal(15);
      expect(await rig.spent(account)).to.deep.equal({ spent: 25n + 60n, held: 0n });
    });

    it("calls tools", async () => {
      const content = [{ type: "tool_use", id: "t", name: "weather", input: { in: "Bern" } }];
      const usage = { input_tokens: 40, cache_read_input_tokens: 10, output_tokens: 7 };
      rig.upstream.answerWith(
        answerJson({ id: "m", type: "message", role: "assistant", model, content, usage }),
      );
      const tools = [{ name: "weather", input_schema: { type: "object" as const } }];
      const answer = await anthropic().messages.create({ ...params, tools });
      expect(answer.content).to.deep.equal(content);
      expect((await rig.spent(account)).spent).to.equal(50n + 28n);
      expect(rig.upstream.asked[0]?.headers["anthropic-version"]).to.match(/^20\d\d-/);
    });

    it("throws its own errors for refusals", async () => {
      const poor = await rig.customer("0.0001");
      const error = await caught(anthropic({ apiKey: poor.apiKey }).messages.create(params));
      if (!(error instanceof AnthropicError)) throw error;
      expect(error.status).to.equal(402);
      expect(error.type).to.equal("billing_error");
      const unknown = await caught(anthropic({ apiKey: "short" }).messages.create(params));
      expect(unknown).to.be.instanceOf(AnthropicAuthenticationError);
    });
  });
});

const TOOL_CALL = {
  id: "chatcmpl-2",
  object: "chat.completion",
  created: 1,
  model,
  choices: [
    {
      index: 0,
      finish_reason: "tool_calls",
      message: {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "c", type: "function", function: { name: "weather", arguments: '{"in":"Bern"}' } },
        ],
      },
    },
  ],
  usage: { prompt_tokens: 50, completion_tokens: 8, total_tokens: 58 },
};

function answerJson(document: object): ModelAnswer {
  return (_asked, res) => {
    res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(document));
  };
}

async function drained(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of stream) count++;
  return count;
}

async function caught(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}
