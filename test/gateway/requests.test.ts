import { expect } from "chai";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import type { Database } from "@compute-credits/platform/postgres/database";
import { postgres } from "../fixtures/databases.ts";
import { type GatewayRig, UPSTREAM_KEY, openGatewayRig } from "../fixtures/gatewayRig.ts";
import { expectProblem, send } from "../fixtures/http.ts";
import { listOf } from "../fixtures/httpApi.ts";
import {
  type AskedModel,
  type ModelAnswer,
  recorded,
  sendStream,
} from "../fixtures/modelServer.ts";

const messages = [{ role: "user", content: "hello" }];

/** A whole answer of a chat, of 10 and 5 tokens. */
const ANSWER = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "small",
  choices: [{ index: 0, message: { role: "assistant", content: "Hi!" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
};

const answerChat: ModelAnswer = (_asked, res) => {
  res.writeHead(200, { "content-type": "application/json", "x-request-id": "up-1" });
  res.end(JSON.stringify(ANSWER));
};

describe("a request to the gateway", () => {
  let database: Database;
  let rig: GatewayRig;
  let apiKey: string;
  let account: `0x${string}`;

  before(async () => {
    database = await postgres.open();
    rig = await openGatewayRig(database, answerChat);
  });
  after(async () => {
    await rig.stop();
    await database.close();
  });
  beforeEach(async () => {
    ({ account, apiKey } = await rig.customer("1"));
    rig.upstream.answerWith(answerChat);
    rig.upstream.asked.length = 0;
    rig.errors.length = 0;
  });

  const post = async (path: string, body: unknown, parts: object = {}) =>
    await send(`${rig.url}${path}`, { body, key: apiKey, ...parts });

  const chat = async (fields: object = {}, parts: object = {}) =>
    await post("/v1/chat/completions", { model: "small", messages, ...fields }, parts);

  const counts = () => rig.upstream.asked.filter(({ path }) => path === "/tokenize");

  function onlyAsked(): AskedModel {
    const [asked] = rig.upstream.asked;
    expect(rig.upstream.asked).to.have.length(1);
    if (asked === undefined) throw new Error("nothing was asked");
    return asked;
  }

  it("is answered as the upstream does, with its cost", async () => {
    const answer = await chat();
    expect(answer.status).to.equal(200);
    expect(answer.document).to.deep.equal(ANSWER);
    expect(answer.headers.get("credits-cost")).to.equal("30");
    expect(answer.headers.get("credits-remaining")).to.equal("999970");
    expect(answer.headers.get("x-request-id")).to.equal("up-1");
    expect(await rig.spent(account)).to.deep.equal({ spent: 30n, held: 0n });
  });

  it("shows the upstream the gateway's key, and nothing of its caller's", async () => {
    const headers = { cookie: "a=b", "x-forwarded-for": "10.0.0.1", "openai-organization": "org" };
    await chat({}, { headers });
    const { headers: seen } = onlyAsked();
    expect(seen.authorization).to.equal(`Bearer ${UPSTREAM_KEY}`);
    expect(JSON.stringify(seen)).not.to.contain(apiKey);
    expect(Object.keys(seen)).to.have.members([
      "authorization",
      "x-api-key",
      "accept-encoding",
      "content-type",
      "content-length",
      "host",
      "connection",
    ]);
  });

  it("has the model's bound and the upstream's name for it set", async () => {
    await chat({ model: "renamed", stream: true });
    const { body } = onlyAsked();
    expect(body).to.deep.equal({
      model: "org/Renamed-7B",
      messages,
      stream: true,
      max_tokens: 50,
      stream_options: { include_usage: true },
    });
  });

  it("holds the prompt's bytes and the bound of each answer, and never charges more", async () => {
    let held = 0n;
    rig.upstream.answerWith(async (_asked, res) => {
      ({ held } = await rig.spent(account));
      const usage = { prompt_tokens: 7_000, completion_tokens: 9_999 };
      res.writeHead(200, { "content-type": "application/json" });
      res.end(JSON.stringify({ ...ANSWER, usage }));
    });
    const body = { model: "small", messages, n: 3, max_tokens: 11 };
    const { headers } = await post("/v1/chat/completions", body);
    const most = BigInt(JSON.stringify(body).length + 256 + 16) + 4n * 33n;
    expect(held).to.equal(most);
    expect(headers.get("credits-cost")).to.equal(`${most}`);
    expect(await rig.spent(account)).to.deep.equal({ spent: most, held: 0n });
  });

  it("counts tokens that the upstream does not, and marks the events as estimated", async () => {
    const { usage: _, ...silent } = ANSWER;
    rig.upstream.answerWith((_asked, res) => {
      res.writeHead(200, { "content-type": "application/json" });
      res.end(JSON.stringify(silent));
    });
    // "user", "hello" and two ends of lines are four tokens, and "Hi!" is two.
    expect((await chat()).headers.get("credits-cost")).to.equal("12");
    const ids = await database.query<{ event_id: string }>(
      `select event_id from debits where account = $1`,
      [`\\x${account.slice(2)}`],
    );
    expect(ids.map((row) => row.event_id).every((id) => id.endsWith("~estimated"))).to.equal(true);
    expect(ids).to.have.length(2);
  });

  describe("counts by the upstream's own tokenizer", () => {
    const { usage: _, ...silent } = ANSWER;

    /** Answers chats without usage, and counts as told. */
    function tokenizes(answer: (asked: AskedModel) => unknown, status = 200): void {
      rig.upstream.answerWith((asked, res) => {
        const isCount = asked.path === "/tokenize";
        res.writeHead(isCount ? status : 200, { "content-type": "application/json" });
        res.end(JSON.stringify(isCount ? answer(asked) : silent));
      });
    }

    it("as vLLM and SGLang answer it", async () => {
      // vLLM's answer: protocol.py, TokenizeResponse.
      tokenizes(() => ({ count: 3, max_model_len: 4_096, tokens: [1, 2, 3], token_strs: null }));
      const answer = await chat({ model: "vllm-tokens" });
      expect(answer.headers.get("credits-cost")).to.equal("15");
      expect(counts().map(({ body }) => body)).to.deep.include({
        model: "vllm-tokens",
        prompt: "Hi!",
        add_special_tokens: false,
      });
      expect(counts()[0]?.headers.authorization).to.equal(`Bearer ${UPSTREAM_KEY}`);
    });

    it("as llama.cpp answers it", async () => {
      // llama.cpp's answer: tools/server/README.md.
      tokenizes(() => ({ tokens: [198, 1_919] }));
      const answer = await chat({ model: "llama-tokens" });
      expect(answer.headers.get("credits-cost")).to.equal("10");
      expect(counts().map(({ body }) => body)).to.deep.include({
        content: "Hi!",
        add_special: false,
      });
    });

    it("and by its own if that answers nothing that can be true", async () => {
      for (const [wrong, status] of [
        [{ count: 1_000_000 }, 200],
        [{ count: -1 }, 200],
        [{ tokens: "many" }, 200],
        [{ count: 3 }, 500],
      ] as const) {
        tokenizes(() => wrong, status);
        // oxlint-disable-next-line no-await-in-loop -- four
        const answer = await chat({ model: "vllm-tokens" });
        expect(answer.headers.get("credits-cost")).to.equal("12");
      }
    });
  });

  describe("charges nothing, and asks nothing,", () => {
    afterEach(async () => {
      expect(rig.upstream.asked).to.deep.equal([]);
      expect(await rig.spent(account)).to.deep.equal({ spent: 0n, held: 0n });
    });

    for (const [what, path, body, param] of [
      ["background", "/v1/responses", { input: "hi", background: true }, "background"],
      [
        "a stored prompt",
        "/v1/responses",
        { input: "hi", previous_response_id: "r" },
        "previous_response_id",
      ],
      ["an unknown parameter", "/v1/chat/completions", { messages, n_predict: 9_999 }, "n_predict"],
      [
        "a tool of the upstream's",
        "/v1/responses",
        { input: "hi", tools: [{ type: "web_search" }] },
        "tools",
      ],
      ["too long an answer", "/v1/chat/completions", { messages, max_tokens: 201 }, "max_tokens"],
      ["no number of answers", "/v1/chat/completions", { messages, n: 0 }, "n"],
      ["too many answers", "/v1/chat/completions", { messages, n: 129 }, "n"],
      ["no messages", "/v1/chat/completions", { messages: [] }, "messages"],
      ["no input", "/v1/embeddings", { input: [] }, "input"],
      ["a flag that is none", "/v1/messages", { messages, max_tokens: 1, stream: "yes" }, "stream"],
    ] as const) {
      it(`for ${what}: 400`, async () => {
        const answer = await post(path, { model: "small", ...body });
        expect(answer.status, JSON.stringify(answer.document)).to.equal(400);
        if (path === "/v1/messages") {
          expect(answer.document).to.deep.include({ type: "error" });
          return;
        }
        expectProblem(answer, 400, "invalid_request");
        expect(answer.document["error"]).to.deep.include({ param, type: "invalid_request_error" });
      });
    }

    for (const part of [
      { type: "image_url", image_url: { url: "https://example.com/a.png" } },
      { type: "input_audio", input_audio: { data: "", format: "wav" } },
      { type: "file", file: { file_id: "f" } },
    ]) {
      it(`for a prompt with a part whose tokens are not known (${part.type}): 400`, async () => {
        const answer = await chat({ messages: [{ role: "user", content: [part] }] });
        expectProblem(answer, 400, "invalid_request");
      });
    }

    for (const path of ["/v1/files", "/v1/chat/completions/x", "/", "/v1/batches"]) {
      it(`for a path that is not served (${path}): 404`, async () => {
        expectProblem(await post(path, {}), 404, "not_found");
      });
    }

    it("for a model that is not offered: 404", async () => {
      expectProblem(await chat({ model: "large" }), 404, "model_not_found");
    });

    it("for a body that is no JSON, or too long: 400, 413", async () => {
      expectProblem(await post("/v1/chat/completions", "{"), 400, "invalid_request");
      const long = await chat({ user: "u".repeat(100_000) });
      expectProblem(long, 413, "body_too_large");
    });

    it("without a key: 401, in OpenAI's and in Anthropic's words", async () => {
      const none = { key: undefined };
      const openai = await chat({}, none);
      expectProblem(openai, 401, "missing_credentials");
      expect(openai.document["error"]).to.deep.include({ type: "authentication_error" });
      const anthropic = await post(
        "/v1/messages",
        { model: "small", messages, max_tokens: 1 },
        none,
      );
      expect(anthropic.status).to.equal(401);
      expect(anthropic.document["error"]).to.deep.include({ type: "authentication_error" });
    });

    it("with a key that no account signed for: 403", async () => {
      expectProblem(await chat({}, { key: createApiKey() }), 403, "allowance_not_found");
    });

    it("without enough credits: 402, and how to buy them", async () => {
      const poor = await rig.customer("0.0001");
      const answer = await chat({}, { key: poor.apiKey });
      expectProblem(answer, 402, "insufficient_credits");
      expect(answer.headers.get("payment-required")).to.be.a("string");
      expect(answer.document["error"]).to.deep.include({ type: "insufficient_quota" });
    });
  });

  it("charges nothing if the upstream refuses, and passes its answer on", async () => {
    const refused = { error: { message: "slow down", type: "rate_limit_error" } };
    rig.upstream.answerWith((_asked, res) => {
      res.writeHead(429, { "content-type": "application/json", "retry-after": "7" });
      res.end(JSON.stringify(refused));
    });
    const answer = await chat({ stream: true });
    expect(answer.status).to.equal(429);
    expect(answer.document).to.deep.equal(refused);
    expect(answer.headers.get("retry-after")).to.equal("7");
    expect(await rig.spent(account)).to.deep.equal({ spent: 0n, held: 0n });
  });

  for (const [what, answer] of [
    ["closes the connection", (_asked, res) => void res.destroy()],
    ["answers with a page", (_asked, res) => void res.end("<html>")],
    [
      "breaks off",
      (_asked, res) => {
        res.writeHead(200, { "content-length": 100 });
        res.write("{", () => res.destroy());
      },
    ],
  ] as const satisfies readonly (readonly [string, ModelAnswer])[]) {
    it(`charges nothing if the upstream ${what}: 502`, async () => {
      rig.upstream.answerWith(answer);
      const { status, headers } = await chat();
      expect(status).to.equal(502);
      expect(headers.get("retry-after")).to.equal("5");
      expect(rig.errors).to.have.length(1);
      expect(await rig.spent(account)).to.deep.equal({ spent: 0n, held: 0n });
    });
  }

  it("holds a bound for images of a model that has one", async () => {
    const content = [
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(50_000)}` } },
    ];
    let held = 0n;
    rig.upstream.answerWith(async (asked, res, req) => {
      ({ held } = await rig.spent(account));
      await answerChat(asked, res, req);
    });
    await chat({ model: "seeing", max_tokens: 1, messages: [{ role: "user", content }] });
    expect(Number(held)).to.be.within(1_272, 1_600);
  });

  it("charges embeddings for their prompts", async () => {
    rig.upstream.answerWith((_asked, res) => {
      res.writeHead(200, { "content-type": "application/json" });
      res.end(
        JSON.stringify({ object: "list", data: [], usage: { prompt_tokens: 8, total_tokens: 8 } }),
      );
    });
    const answer = await post("/v1/embeddings", { model: "small", input: ["a", "b"] });
    expect(answer.headers.get("credits-cost")).to.equal("8");
    expect(await rig.spent(account)).to.deep.equal({ spent: 8n, held: 0n });
  });

  it("is served once for an Idempotency-Key, in a stream too", async () => {
    const stream = await recorded("openai-chat");
    rig.upstream.answerWith((_asked, res) => sendStream(res, stream));
    const headers = { "idempotency-key": "chat-1" };
    expect((await chat({ stream: true }, { headers })).status).to.equal(200);
    const again = await chat({ stream: true }, { headers });
    expectProblem(again, 409, "already_charged");
    onlyAsked();
    expect((await rig.spent(account)).spent).to.equal(30n);
  });

  it("lists the models that are offered", async () => {
    const list = await send(`${rig.url}/v1/models`);
    expect(list.status).to.equal(200);
    expect(listOf(list.document["data"]).map(({ id }) => id)).to.include("renamed");
    expect((await send(`${rig.url}/v1/models/small`)).document["id"]).to.equal("small");
    expectProblem(await send(`${rig.url}/v1/models/large`), 404, "model_not_found");
  });
});
