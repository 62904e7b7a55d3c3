import { type Json, isRecord } from "@compute-credits/protocol/json/isRecord";
import { listIn, parseJson, recordIn, textIn } from "../json.ts";
import type { Model } from "../models.ts";
import { responsesUsage } from "../usage/tokenUsage.ts";
import { type Api, BadRequest, PASSED_ON, type Prepared, type ReadEvent } from "./api.ts";
import { readContents } from "./contents.ts";
import { SAMPLING, checkNames, checkTools, flagIn, maxTokensIn } from "./parameters.ts";

/** Without `previous_response_id`, `conversation` and `prompt`: what they add cannot be counted. */
const KNOWN = [
  ...SAMPLING,
  "model",
  "input",
  "instructions",
  "max_output_tokens",
  "stream",
  "stream_options",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "reasoning",
  "text",
  "truncation",
  "include",
  "store",
];

/** `POST /v1/responses`. Its last event tells the usage by itself. */
export const responses: Api = {
  path: "/v1/responses",
  errors: "openai",
  hasOutput: true,
  prepare,
  usageOf: (answer) => responsesUsage(recordIn(answer, "usage")),
  textOf,
  readEvents: () => readEvent,
};

function prepare(body: Json, model: Model): Prepared {
  if (body["background"] === false) return prepare({ ...body, background: null }, model);
  checkNames(body, KNOWN, model);
  const { input } = body;
  if (typeof input !== "string" && !Array.isArray(input)) {
    throw new BadRequest("input must be a text or a list of items.", "input");
  }
  const asked = maxTokensIn(body, ["max_output_tokens"], model);
  const hasTools = checkTools(body, ["function", "custom"]);
  const prompt = readContents([body["instructions"] ?? "", input], model);
  const { background: _, ...rest } = body;
  return {
    // What is kept for later is not paid for.
    body: { ...rest, store: false, max_output_tokens: asked ?? model.maxTokens },
    isStream: flagIn(body, "stream"),
    maxOutput: asked ?? model.maxTokens,
    messages: (typeof input === "string" ? 1 : input.length) + 1,
    hasTools,
    images: prompt.images,
    imageCharacters: prompt.imageCharacters,
    promptText: () => [prompt.text, hasTools ? JSON.stringify(body["tools"]) : ""].join("\n"),
    wantsUsage: true,
  };
}

function textOf(answer: Json): string {
  const items = listIn(answer, "output").flatMap((item) => [
    textIn(item, "name"),
    textIn(item, "arguments"),
    ...listIn(item, "content").map((part) => textIn(part, "text") + textIn(part, "refusal")),
  ]);
  return items.join("");
}

/** The events whose `delta` is text that the model wrote. */
const DELTAS: ReadonlySet<unknown> = new Set([
  "response.output_text.delta",
  "response.refusal.delta",
  "response.function_call_arguments.delta",
  "response.custom_tool_call_input.delta",
  "response.reasoning_text.delta",
  "response.reasoning_summary_text.delta",
]);

const ENDS: ReadonlySet<unknown> = new Set([
  "response.completed",
  "response.incomplete",
  "response.failed",
]);

function readEvent(data: string): ReadEvent {
  const event = data === "" ? undefined : parseJson(data);
  if (!isRecord(event)) return PASSED_ON;
  const { type } = event;
  if (DELTAS.has(type)) return { ...PASSED_ON, text: () => textIn(event, "delta") };
  if (!ENDS.has(type)) return PASSED_ON;
  const usage = responsesUsage(recordIn(recordIn(event, "response"), "usage"));
  return { ...PASSED_ON, usage, isFinal: usage !== null, isEnd: true };
}
