import { type Json, isRecord } from "@compute-credits/protocol/json/isRecord";
import { listIn, parseJson, recordIn, textIn } from "../json.ts";
import type { Model } from "../models.ts";
import { type TokenUsage, anthropicUsage } from "../usage/tokenUsage.ts";
import { type Api, BadRequest, type EventReader, PASSED_ON, type Prepared } from "./api.ts";
import { readContents } from "./contents.ts";
import { checkNames, checkTools, flagIn, maxTokensIn } from "./parameters.ts";

const KNOWN = [
  "model",
  "messages",
  "system",
  "max_tokens",
  "stream",
  "stop_sequences",
  "temperature",
  "top_k",
  "top_p",
  "tools",
  "tool_choice",
  "thinking",
  "metadata",
];

/** `POST /v1/messages`, Anthropic's. Its streams tell the usage by themselves. */
export const messages: Api = {
  path: "/v1/messages",
  errors: "anthropic",
  hasOutput: true,
  prepare,
  usageOf: (answer) => anthropicUsage(recordIn(answer, "usage")),
  textOf: (answer) => listIn(answer, "content").map(writtenIn).join("\n"),
  readEvents: createEventReader,
};

function prepare(body: Json, model: Model): Prepared {
  checkNames(body, KNOWN, model);
  const list = body["messages"];
  if (!Array.isArray(list) || list.length === 0) {
    throw new BadRequest("messages must be a list with at least one message.", "messages");
  }
  const asked = maxTokensIn(body, ["max_tokens"], model);
  const hasTools = checkTools(body, ["custom"]);
  const prompt = readContents([body["system"] ?? "", list], model);
  return {
    body: { ...body, max_tokens: asked ?? model.maxTokens },
    isStream: flagIn(body, "stream"),
    maxOutput: asked ?? model.maxTokens,
    messages: list.length + 1,
    hasTools,
    images: prompt.images,
    imageCharacters: prompt.imageCharacters,
    promptText: () => [prompt.text, hasTools ? JSON.stringify(body["tools"]) : ""].join("\n"),
    wantsUsage: true,
  };
}

/** A block of an answer, or the part of one. */
function writtenIn(block: unknown): string {
  const input = isRecord(block) && isRecord(block["input"]) ? JSON.stringify(block["input"]) : "";
  const names = ["thinking", "text", "name", "partial_json"];
  return names.map((name) => textIn(block, name)).join("") + (input === "{}" ? "" : input);
}

/** The prompt is counted by `message_start`, and the answer so far by each `message_delta`. */
function createEventReader(): EventReader {
  let start: TokenUsage | null = null;

  return (data) => {
    const event = data === "" ? undefined : parseJson(data);
    if (!isRecord(event)) return PASSED_ON;
    switch (event["type"]) {
      case "message_start":
        start = anthropicUsage(recordIn(recordIn(event, "message"), "usage"));
        return { ...PASSED_ON, prompt: start };
      case "content_block_start":
        return { ...PASSED_ON, text: () => writtenIn(recordIn(event, "content_block")) };
      case "content_block_delta":
        return { ...PASSED_ON, text: () => writtenIn(recordIn(event, "delta")) };
      case "message_delta": {
        const told = recordIn(event, "usage");
        const { output_tokens: output } = told;
        const usage = anthropicUsage(told) ?? start;
        if (usage === null || typeof output !== "number") return PASSED_ON;
        return { ...PASSED_ON, usage: { ...usage, output }, isFinal: true };
      }
      case "message_stop":
        return { ...PASSED_ON, isEnd: true };
      default:
        return PASSED_ON;
    }
  };
}
