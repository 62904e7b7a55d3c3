import { type Json, isRecord } from "@compute-credits/protocol/json/isRecord";
import { listIn, parseJson, recordIn, textIn } from "../json.ts";
import type { Model } from "../models.ts";
import { llamaCppTimings, openAiUsage, type TokenUsage } from "../usage/tokenUsage.ts";
import { type Api, BadRequest, type EventReader, PASSED_ON, type Prepared } from "./api.ts";
import { readContents } from "./contents.ts";
import {
  MOST_ANSWERS,
  SAMPLING,
  checkNames,
  checkTools,
  flagIn,
  maxTokensIn,
  wholeIn,
} from "./parameters.ts";

const LIMITS = ["max_completion_tokens", "max_tokens"] as const;

const KNOWN = [
  ...SAMPLING,
  ...LIMITS,
  "model",
  "messages",
  "stream",
  "stream_options",
  "n",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "functions",
  "function_call",
  "reasoning_effort",
  "include_reasoning",
  "verbosity",
  "store",
];

/** `POST /v1/chat/completions`. */
export const chatCompletions: Api = {
  path: "/v1/chat/completions",
  errors: "openai",
  hasOutput: true,
  prepare,
  usageOf,
  textOf: (answer) =>
    listIn(answer, "choices")
      .map((choice) => writtenIn(recordIn(choice, "message")))
      .join("\n"),
  readEvents: ({ wantsUsage }) =>
    createEventReader(wantsUsage, (choice) => writtenIn(recordIn(choice, "delta"))),
};

function prepare(body: Json, model: Model): Prepared {
  checkNames(body, KNOWN, model);
  const messages = body["messages"];
  if (!Array.isArray(messages) || messages.length === 0) {
    throw new BadRequest("messages must be a list with at least one message.", "messages");
  }
  const answers = wholeIn(body, "n", { least: 1, most: MOST_ANSWERS }) ?? 1;
  const asked = maxTokensIn(body, LIMITS, model);
  const hasTools = checkTools(body, ["function", "custom"]) || listIn(body, "functions").length > 0;
  const { images, imageCharacters, text } = readContents(messages, model);
  const isStream = flagIn(body, "stream");
  return {
    body: {
      ...body,
      // What is kept for later is not paid for.
      ...(body["store"] === undefined ? {} : { store: false }),
      ...(asked === null ? { [model.maxTokensField]: model.maxTokens } : {}),
      ...streamOptions(body, isStream, model),
    },
    isStream,
    maxOutput: answers * (asked ?? model.maxTokens),
    messages: messages.length,
    hasTools,
    images,
    imageCharacters,
    promptText: () =>
      [text, hasTools ? JSON.stringify([body["tools"], body["functions"]]) : ""].join("\n"),
    wantsUsage: isStream && recordIn(body, "stream_options")["include_usage"] === true,
  };
}

/** Asks the upstream for usage in the stream, in each chunk if it can. */
export function streamOptions(body: Json, isStream: boolean, model: Model): Json {
  if (!isStream) return {};
  const asked = recordIn(body, "stream_options");
  const options = {
    ...(asked["include_obfuscation"] === undefined
      ? {}
      : { include_obfuscation: asked["include_obfuscation"] }),
    ...(model.usage === "none" ? {} : { include_usage: true }),
    ...(model.usage === "continuous" ? { continuous_usage_stats: true } : {}),
  };
  return { stream_options: Object.keys(options).length === 0 ? undefined : options };
}

export function usageOf(answer: Json): TokenUsage | null {
  const { timings } = answer;
  return (
    openAiUsage(recordIn(answer, "usage")) ?? (isRecord(timings) ? llamaCppTimings(timings) : null)
  );
}

/** What a model wrote: content, reasoning in two wordings, refusals, and calls of tools. */
function writtenIn(message: Json): string {
  const calls = listIn(message, "tool_calls").map((call) => recordIn(call, "function"));
  const parts = [...calls, recordIn(message, "function_call")].flatMap((call) => [
    textIn(call, "name"),
    textIn(call, "arguments"),
  ]);
  return [
    textIn(message, "reasoning_content"),
    textIn(message, "reasoning"),
    textIn(message, "content"),
    textIn(message, "refusal"),
    ...parts,
  ].join("");
}

/**
 * Reads chunks of chat completions, and of completions. The usage comes in a chunk of its own without
 * choices (OpenAI, vLLM, SGLang, Ollama), in the last chunk with a choice (llama.cpp), or in each.
 */
export function createEventReader(
  wantsUsage: boolean,
  textOfChoice: (choice: unknown) => string,
): EventReader {
  /** tokens of each answer so far: a chunk counts those of its own answer only */
  const outputs = new Map<unknown, number>();

  return (data) => {
    if (data === "[DONE]") return { ...PASSED_ON, isEnd: true };
    const text = () => listIn(parseJson(data), "choices").map(textOfChoice).join("");
    // Most chunks count nothing, and need not be parsed to be passed on.
    const chunk = COUNTS.test(data) ? parseJson(data) : undefined;
    if (!isRecord(chunk)) return { ...PASSED_ON, text };
    const choices = listIn(chunk, "choices");
    const told = usageOf(chunk);
    const forward = wantsUsage ? "same" : withoutUsage(chunk, choices);
    if (told === null) return { ...PASSED_ON, text, forward };
    // So has a chunk without choices.
    const isFinal = choices.every(isFinished);
    const usage = choices.length === 0 ? told : added(outputs, choices[0], told);
    return { ...PASSED_ON, text, usage, isFinal, forward };
  };
}

/** Whether a chunk may have a usage, or llama.cpp's timings. */
const COUNTS = /"(?:usage|timings)"\s*:\s*\{/;

function isFinished(choice: unknown): boolean {
  return textIn(choice, "finish_reason") !== "";
}

function added(outputs: Map<unknown, number>, choice: unknown, told: TokenUsage): TokenUsage {
  outputs.set(isRecord(choice) ? choice["index"] : 0, told.output);
  const output = [...outputs.values()].reduce((sum, tokens) => sum + tokens, 0);
  return { ...told, output };
}

function withoutUsage(chunk: Json, choices: readonly unknown[]) {
  if (!isRecord(chunk["usage"])) return "same";
  if (choices.length === 0) return "nothing";
  const { usage: _, ...rest } = chunk;
  return { data: JSON.stringify(rest) };
}
