import type { Json } from "@compute-credits/protocol/json/isRecord";
import { recordIn } from "../json.ts";
import type { Model } from "../models.ts";
import { openAiUsage } from "../usage/tokenUsage.ts";
import { type Api, BadRequest, PASSED_ON, type Prepared } from "./api.ts";
import { promptText } from "./completions.ts";
import { checkNames } from "./parameters.ts";

const KNOWN = ["model", "input", "encoding_format", "dimensions", "user"];

const MOST_INPUTS = 2_048;

/** `POST /v1/embeddings`: only prompts are charged. */
export const embeddings: Api = {
  path: "/v1/embeddings",
  errors: "openai",
  hasOutput: false,
  prepare,
  usageOf: (answer) => openAiUsage(recordIn(answer, "usage")),
  textOf: () => "",
  readEvents: () => () => PASSED_ON,
};

function prepare(body: Json, model: Model): Prepared {
  checkNames(body, KNOWN, model);
  const { input } = body;
  const isList = Array.isArray(input) && input.length > 0 && input.every(isInput);
  if (typeof input !== "string" && !isList) {
    throw new BadRequest("input must be a text, tokens, or a list of these.", "input");
  }
  const inputs = Array.isArray(input) && typeof input[0] !== "number" ? input.length : 1;
  if (inputs > MOST_INPUTS) {
    throw new BadRequest(`input must have at most ${MOST_INPUTS} texts.`, "input");
  }
  return {
    body,
    isStream: false,
    maxOutput: 0,
    messages: inputs,
    hasTools: false,
    images: 0,
    imageCharacters: 0,
    promptText: () => promptText(input),
    wantsUsage: false,
  };
}

function isInput(item: unknown): boolean {
  if (typeof item === "string" || typeof item === "number") return true;
  return Array.isArray(item) && item.every((token) => typeof token === "number");
}
