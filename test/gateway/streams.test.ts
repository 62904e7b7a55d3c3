import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, request } from "node:http";

import { expect } from "chai";
import * as fc from "fast-check";

import type { Database } from "@compute-credits/platform/postgres/database";
import { eventually } from "../../scripts/local/eventually.ts";
import { openTokenizer } from "../../gateway/usage/tokenizer.ts";
import { postgres } from "../fixtures/databases.ts";
import { repeated } from "../fixtures/effort.ts";
import { type GatewayRig, openGatewayRig } from "../fixtures/gatewayRig.ts";
import { type AskedModel, sendEvents } from "../fixtures/modelServer.ts";

/** Tokens of the prompt, as the upstream counts them. */
const PROMPT = 10;
const messages = [{ role: "user", content: "hello" }];
/** One token for GPT-4o's tokenizer, however many stand beside it. */
const TOKEN = " a";

/** What becomes of one stream. */
interface Plan {
  readonly model: "small" | "continuous";
  /** of the whole answer */
  readonly tokens: number;
  readonly fate:
    | { readonly kind: "whole" }
    /** the caller leaves after so many tokens, and the upstream waits for that */
    | { readonly kind: "left"; readonly after: number }
    /** the caller leaves after so many tokens, while more come */
    | { readonly kind: "leaves"; readonly after: number }
    /** the upstream closes the connection after so many tokens */
    | { readonly kind: "killed"; readonly after: number };
}

interface Outcome {
  readonly status: number;
  /** tokens that the caller read */
  readonly received: number;
}

const anyPlan = (kinds: readonly Plan["fate"]["kind"][]): fc.Arbitrary<Plan> =>
  fc
    .record({
      model: fc.constantFrom("small" as const, "continuous" as const),
      tokens: fc.integer({ min: 0, max: 40 }),
      kind: fc.constantFrom(...kinds),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ model, tokens, kind, part }) => {
      const after = Math.floor(part * tokens);
      return { model, tokens, fate: kind === "whole" ? { kind } : { kind, after } };
    });

/** Of ten streams, three are left by their callers, and two lose their upstream. */
const EXACT = [
  "whole",
  "whole",
  "whole",
  "whole",
  "whole",
  "left",
  "left",
  "left",
  "killed",
  "killed",
] as const;

describe("many streams at once through the gateway", () => {
  let database: Database;
  let rig: GatewayRig;
  /** by the name of each request: what the upstream does, and how many tokens it sent */
  const plans = new Map<string, Plan>();
  const sent = new Map<string, number>();

  before(async () => {
    database = await postgres.open();
    rig = await openGatewayRig(database, answer);
  });
  after(async () => {
    await rig.stop();
    await database.close();
  });

  async function answer({ body }: AskedModel, res: ServerResponse): Promise<void> {
    const name = String(body["user"]);
    const plan = plans.get(name);
    if (plan === undefined) throw new Error(`no plan for ${name}`);
    const { fate, tokens, model } = plan;
    const isStopped = fate.kind === "left" || fate.kind === "killed";
    const events = eventsFor(model, isStopped ? fate.after : tokens);
    const last = isStopped ? [] : lastEvents(tokens);
    sent.set(name, events.length);
    await sendEvents(res, [...events, ...last]);
    if (fate.kind === "killed") res.destroy();
    else if (fate.kind !== "left") res.end();
  }

  /** Asks for a stream, and leaves as its plan says. */
  async function ask(apiKey: string, name: string, plan: Plan): Promise<Outcome> {
    plans.set(name, plan);
    const sending = request(`${rig.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    });
    sending.on("error", () => undefined);
    sending.end(JSON.stringify({ model: plan.model, messages, stream: true, user: name }));
    const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
    sending.once("response", resolve);
    const response = await promise;
    const status = response.statusCode ?? 0;
    const { fate } = plan;
    const leaveAfter = fate.kind === "left" || fate.kind === "leaves" ? fate.after : Infinity;
    let text = "";
    response.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (received(text) >= leaveAfter && status === 200) sending.destroy();
    });
    response.on("error", () => undefined);
    if (leaveAfter === 0 && status === 200) sending.destroy();
    if (!response.closed) await once(response, "close").catch(() => undefined);
    return { status, received: received(text) };
  }

  async function settled(account: `0x${string}`): Promise<bigint> {
    await eventually("all holds to end", async () => (await rig.spent(account)).held === 0n);
    return (await rig.spent(account)).spent;
  }

  it("charges exactly what was forwarded, and leaks no hold", async () => {
    const { account, apiKey } = await rig.customer("100");
    const count = await openTokenizer();
    const asked = fc.sample(anyPlan(EXACT), repeated(20));
    let expected = 0;
    await Promise.all(
      asked.map(async (plan, index) => {
        const outcome = await ask(apiKey, `exact-${index}`, plan);
        const { fate, tokens, model } = plan;
        const forwarded = fate.kind === "whole" ? tokens : fate.after;
        expect(outcome.received, JSON.stringify(plan)).to.equal(forwarded);
        // An upstream that closes before its first event may not have answered.
        const isNoAnswer = fate.kind === "killed" && forwarded === 0;
        expect(outcome.status).to.be.oneOf(isNoAnswer ? [200, 502] : [200]);
        if (fate.kind !== "whole" && forwarded === 0) return;
        // The upstream counted the prompt, or the gateway did.
        const isCounted = fate.kind === "whole" || model === "continuous";
        expected += (isCounted ? PROMPT : count("user\nhello\n")) + 4 * forwarded;
      }),
    );
    expect(await settled(account)).to.equal(BigInt(expected));
  });

  it("charges at least what a caller read that left, and at most what was sent", async () => {
    const { account, apiKey } = await rig.customer("100");
    const asked = fc.sample(anyPlan(["leaves"]), repeated(5));
    const bounds = await Promise.all(
      asked.map(async (plan, index) => {
        const name = `leaves-${index}`;
        const { received: least } = await ask(apiKey, name, plan);
        const most = sent.get(name) ?? 0;
        return { least: 4 * least, most: most === 0 ? 0 : PROMPT + 4 * most };
      }),
    );
    const spent = Number(await settled(account));
    const sum = (pick: (bound: (typeof bounds)[number]) => number) =>
      bounds.reduce((total, bound) => total + pick(bound), 0);
    expect(spent).to.be.within(
      sum(({ least }) => least),
      sum(({ most }) => most),
    );
  });

  it("never spends more than an allowance, and asks nothing for who cannot pay", async () => {
    // A hold is about 300 for the prompt and 800 for the answer.
    const limit = 5_000n;
    const { account, apiKey } = await rig.customer("100", { limit });
    const plan: Plan = { model: "continuous", tokens: 40, fate: { kind: "whole" } };
    const before = rig.upstream.asked.length;
    const outcomes = await Promise.all(
      Array.from({ length: repeated(20) }, (_, index) => ask(apiKey, `limit-${index}`, plan)),
    );
    const served = outcomes.filter(({ status }) => status === 200).length;
    expect(outcomes.map(({ status }) => status)).to.include.members([200, 402]);
    expect(rig.upstream.asked.length - before).to.equal(served);
    const spent = await settled(account);
    expect(spent).to.equal(BigInt(served * (PROMPT + 4 * 40)));
    expect(Number(spent)).to.be.at.most(Number(limit));
  });

  it("lets the upstream wait for a slow caller, and keeps little of the stream", async () => {
    const { account, apiKey } = await rig.customer("100");
    const events = Array.from({ length: 400 }, () => chunkOf("x".repeat(100_000)));
    let kept = 0;
    let written = 0;
    let answering: ServerResponse | null = null;
    rig.gateway.server.prependOnceListener("request", (_req, res: ServerResponse) => {
      answering = res;
    });
    rig.upstream.answerWith(async (_asked, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      for (const event of events) {
        written++;
        // oxlint-disable-next-line no-await-in-loop -- as fast as the gateway takes it
        if (!res.write(event)) await once(res, "drain");
        kept = Math.max(kept, answering?.writableLength ?? 0);
      }
      res.end(lastEvents(100).join(""));
    });
    const sending = request(`${rig.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}` },
    });
    sending.end(JSON.stringify({ model: "small", messages, stream: true }));
    const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
    sending.once("response", resolve);
    const response = await promise;
    let last = -1;
    let same = 0;
    await eventually("the upstream to wait", async () => {
      same = written === last ? same + 1 : 0;
      last = written;
      return same >= 5;
    });
    expect(written, "the upstream sent all of it").to.be.lessThan(events.length);
    expect(kept).to.be.lessThan(1_000_000);
    let bytes = 0;
    for await (const part of response) if (Buffer.isBuffer(part)) bytes += part.length;
    expect(bytes).to.be.greaterThan(events.length * 100_000);
    expect(await settled(account)).to.equal(BigInt(PROMPT + 4 * 100));
    rig.upstream.answerWith(answer);
  });
});

function received(text: string): number {
  return text.split(`"content":"${TOKEN}"`).length - 1;
}

function chunkOf(content: string, usage: object = {}): string {
  const choices = [{ index: 0, delta: { content }, finish_reason: null }];
  return `data: ${JSON.stringify({ object: "chat.completion.chunk", choices, ...usage })}\n\n`;
}

/** An event for each token; in each the usage so far, if the model tells it. */
function eventsFor(model: Plan["model"], tokens: number): string[] {
  return Array.from({ length: tokens }, (_, index) =>
    chunkOf(TOKEN, model === "continuous" ? usageOf(index + 1) : {}),
  );
}

function lastEvents(tokens: number): string[] {
  return [`data: ${JSON.stringify({ choices: [], ...usageOf(tokens) })}\n\n`, "data: [DONE]\n\n"];
}

function usageOf(tokens: number) {
  return { usage: { prompt_tokens: PROMPT, completion_tokens: tokens } };
}
