import type { Json } from "@compute-credits/protocol/json/isRecord";
import { countIn, recordIn } from "../json.ts";

/** Tokens of one answer. */
export interface TokenUsage {
  /** of the whole prompt, with those that were cached */
  readonly input: number;
  /** of the prompt, read from a cache */
  readonly cached: number;
  /** of the answer, with those of its reasoning */
  readonly output: number;
  readonly reasoning: number;
}

/**
 * The `usage` of OpenAI's chat completions, completions and embeddings, as OpenAI, vLLM, SGLang,
 * llama.cpp, Ollama and LiteLLM write it. SGLang counts reasoning beside the totals, the others in
 * `completion_tokens_details`. `null` if it counts nothing: some servers fill in zeros.
 */
export function openAiUsage(usage: Json): TokenUsage | null {
  const input = countIn(usage, "prompt_tokens");
  const output = countIn(usage, "completion_tokens") ?? 0;
  if (input === null || input + output === 0) return null;
  const inAnswer = recordIn(usage, "completion_tokens_details");
  return {
    input,
    cached: countIn(recordIn(usage, "prompt_tokens_details"), "cached_tokens") ?? 0,
    output,
    reasoning: countIn(inAnswer, "reasoning_tokens") ?? countIn(usage, "reasoning_tokens") ?? 0,
  };
}

/** The `timings` of llama.cpp, which stand in each last chunk, also if no usage was asked for. */
export function llamaCppTimings(timings: Json): TokenUsage | null {
  const evaluated = countIn(timings, "prompt_n");
  const output = countIn(timings, "predicted_n");
  if (evaluated === null || output === null || evaluated + output === 0) return null;
  const cached = countIn(timings, "cache_n") ?? 0;
  return { input: evaluated + cached, cached, output, reasoning: 0 };
}

/** The `usage` of OpenAI's responses. */
export function responsesUsage(usage: Json): TokenUsage | null {
  const input = countIn(usage, "input_tokens");
  if (input === null) return null;
  return {
    input,
    cached: countIn(recordIn(usage, "input_tokens_details"), "cached_tokens") ?? 0,
    output: countIn(usage, "output_tokens") ?? 0,
    reasoning: countIn(recordIn(usage, "output_tokens_details"), "reasoning_tokens") ?? 0,
  };
}

/** The `usage` of Anthropic's messages, whose `input_tokens` leave out what a cache took or gave. */
export function anthropicUsage(usage: Json): TokenUsage | null {
  const fresh = countIn(usage, "input_tokens");
  if (fresh === null) return null;
  const written = countIn(usage, "cache_creation_input_tokens") ?? 0;
  const cached = countIn(usage, "cache_read_input_tokens") ?? 0;
  const output = countIn(usage, "output_tokens") ?? 0;
  return { input: fresh + written + cached, cached, output, reasoning: 0 };
}
