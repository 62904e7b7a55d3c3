import { type Json, isRecord } from "@compute-credits/protocol/json/isRecord";
import { textIn } from "../json.ts";
import type { Model } from "../models.ts";
import { BadRequest } from "./api.ts";

/** Of sampling, in the words of OpenAI, vLLM, SGLang, llama.cpp and Ollama: they cost nothing more. */
export const SAMPLING = [
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "typical_p",
  "frequency_penalty",
  "presence_penalty",
  "repetition_penalty",
  "repeat_penalty",
  "logit_bias",
  "seed",
  "stop",
  "stop_token_ids",
  "ignore_eos",
  "min_tokens",
  "skip_special_tokens",
  "spaces_between_special_tokens",
  "logprobs",
  "top_logprobs",
  "response_format",
  "guided_json",
  "guided_regex",
  "guided_choice",
  "guided_grammar",
  "structured_outputs",
  "json_schema",
  "grammar",
  "regex",
  "ebnf",
  "user",
  "metadata",
  "safety_identifier",
  "prompt_cache_key",
] as const;

/**
 * Refuses parameters that the gateway does not know: one of them could make the work larger than
 * what is held (`background`, `n_predict`, `use_beam_search`, `chat_template`).
 */
export function checkNames(body: Json, known: readonly string[], model: Model): void {
  for (const [name, value] of Object.entries(body)) {
    if (value === null || known.includes(name) || model.allow.includes(name)) continue;
    throw new BadRequest(
      `The parameter ${name} cannot be metered here. Leave it out, or ask the provider to allow it.`,
      name,
    );
  }
}

/** A whole number within bounds; `null` if the parameter is absent. */
export function wholeIn(
  body: Json,
  name: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | null {
  const value = body[name] ?? null;
  if (value === null) return null;
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) {
    return value;
  }
  throw new BadRequest(`${name} must be a whole number from ${least} to ${most}.`, name);
}

/** The bound of an answer: the largest that is asked for, or the model's. */
export function maxTokensIn(body: Json, names: readonly string[], model: Model): number | null {
  const found = names.flatMap(
    (name) => wholeIn(body, name, { least: 1, most: model.maxTokens }) ?? [],
  );
  return found.length === 0 ? null : Math.max(...found);
}

/** Answers that are asked for at once. */
export const MOST_ANSWERS = 128;

export function flagIn(body: Json, name: string): boolean {
  const value = body[name] ?? false;
  if (typeof value === "boolean") return value;
  throw new BadRequest(`${name} must be true or false.`, name);
}

/** Functions of the caller's own. Tools that the upstream runs by itself cannot be metered. */
export function checkTools(body: Json, kinds: readonly string[]): boolean {
  const tools = body["tools"] ?? null;
  if (tools === null) return false;
  if (!Array.isArray(tools)) throw new BadRequest("tools must be a list.", "tools");
  for (const tool of tools) {
    const kind = isRecord(tool) && tool["type"] === undefined ? "custom" : textIn(tool, "type");
    if (kinds.includes(kind)) continue;
    throw new BadRequest(`Tools of the kind "${kind}" cannot be metered here.`, "tools");
  }
  return tools.length > 0;
}
