import type { Json } from "@compute-credits/protocol/json/isRecord";
import { listIn, recordIn, textIn } from "../json.ts";
import type { Model } from "../models.ts";
import { type Api, BadRequest, type Prepared } from "./api.ts";
import { createEventReader, streamOptions, usageOf } from "./chatCompletions.ts";
import { MOST_ANSWERS, SAMPLING, checkNames, flagIn, maxTokensIn, wholeIn } from "./parameters.ts";

const KNOWN = [
  ...SAMPLING,
  "model",
  "prompt",
  "suffix",
  "max_tokens",
  "n",
  "best_of",
  "stream",
  "stream_options",
];

/** A list of prompts asks for an answer to each. */
const MOST_PROMPTS = 256;

/** `POST /v1/completions`. */
export const completions: Api = {
  path: "/v1/completions",
  errors: "openai",
  hasOutput: true,
  prepare,
  usageOf,
  textOf: (answer) =>
    listIn(answer, "choices")
      .map((choice) => textIn(choice, "text"))
      .join("\n"),
  readEvents: ({ wantsUsage }) => createEventReader(wantsUsage, (choice) => textIn(choice, "text")),
};

function prepare(body: Json, model: Model): Prepared {
  checkNames(body, KNOWN, model);
  const prompts = promptsIn(body["prompt"]);
  const bounds = { least: 1, most: MOST_ANSWERS };
  // The best of several are generated before one is chosen.
  const answers = Math.max(wholeIn(body, "n", bounds) ?? 1, wholeIn(body, "best_of", bounds) ?? 1);
  const asked = maxTokensIn(body, ["max_tokens"], model);
  const isStream = flagIn(body, "stream");
  return {
    body: {
      ...body,
      ...(asked === null ? { max_tokens: model.maxTokens } : {}),
      ...streamOptions(body, isStream, model),
    },
    isStream,
    maxOutput: prompts * answers * (asked ?? model.maxTokens),
    messages: prompts,
    hasTools: false,
    images: 0,
    imageCharacters: 0,
    promptText: () => promptText(body["prompt"]) + textIn(body, "suffix"),
    wantsUsage: isStream && recordIn(body, "stream_options")["include_usage"] === true,
  };
}

/** How many prompts: a text, texts, tokens, or lists of tokens. */
function promptsIn(prompt: unknown): number {
  if (typeof prompt === "string") return 1;
  if (!Array.isArray(prompt) || prompt.length === 0) {
    throw new BadRequest("prompt must be a text, tokens, or a list of these.", "prompt");
  }
  if (prompt.every((item) => typeof item === "number")) return 1;
  if (prompt.length <= MOST_PROMPTS) return prompt.length;
  throw new BadRequest(`prompt must have at most ${MOST_PROMPTS} prompts.`, "prompt");
}

/** Tokens count as one letter each, which no tokenizer counts as more. */
export function promptText(prompt: unknown): string {
  if (typeof prompt === "string") return prompt;
  if (typeof prompt === "number") return " a";
  return Array.isArray(prompt) ? prompt.map(promptText).join("") : "";
}
