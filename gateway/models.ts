import { z } from "zod";

import type { Lines, Used } from "@compute-credits/express/charge/lines";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";
import type { TokenUsage } from "./usage/tokenUsage.ts";

const DIRECTIONS = ["input", "cached", "output", "reasoning"] as const;

const tokens = (most: number) => z.int().min(1).max(most);

/** How one model is charged. */
export const Model = z.strictObject({
  name: z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/, "must be 1 to 64 printable ASCII characters without spaces")
    .describe("As callers name it, and the dimension `model`. `*` is every other model."),
  upstreamName: z.string().min(1).max(256).optional().describe("As the upstream names it."),
  contextTokens: tokens(100_000_000)
    .default(131_072)
    .describe("Most tokens of a prompt: no more is held."),
  maxTokens: tokens(10_000_000)
    .default(4_096)
    .describe("Most tokens of an answer. Set in requests that set none."),
  maxTokensField: z
    .enum(["max_tokens", "max_completion_tokens"])
    .default("max_tokens")
    .describe("Field of chat completions in which that is set."),
  imageTokens: tokens(10_000_000)
    .optional()
    .describe("Most tokens of an image. Without it, images are refused."),
  meter: MeterName.default("llm.tokens"),
  dimensions: Dimensions.default({}).describe("Besides `model` and `direction`."),
  directions: z
    .array(z.enum(DIRECTIONS))
    .default(["input", "output"])
    .describe("With rates of their own. Without `cached`, those count as `input`."),
  usage: z
    .enum(["final", "continuous", "none"])
    .default("final")
    .describe("What the upstream tells: at the end, in each chunk (vLLM, SGLang), or nothing."),
  tokenize: z
    .enum(["none", "vllm", "sglang", "llama.cpp"])
    .default("none")
    .describe("Whose `/tokenize` the upstream has, for what it does not count."),
  allow: z
    .array(z.string().min(1).max(64))
    .max(64)
    .default([])
    .describe("More parameters that callers may send: they must not cost more."),
});

export type Model = z.output<typeof Model>;

export const ModelsFile = z.strictObject({ models: z.array(Model).min(1).max(1_000) });

/** Every model, by its own name, if the provider lists none. */
export const ANY_MODEL: Model = Model.parse({ name: "*" });

export interface Models {
  /** `null` for a model that is not offered */
  find(name: string): Model | null;
  /** the names that are offered; `null` if that is up to the upstream */
  readonly names: readonly string[] | null;
}

export function createModels(models: readonly Model[]): Models {
  const byName = new Map(models.map((model) => [model.name, model]));
  const other = byName.get("*");
  return {
    names: other === undefined ? [...byName.keys()] : null,
    find(name) {
      const found = byName.get(name);
      if (found !== undefined) return found;
      // A name becomes a dimension, so it has a form.
      if (other === undefined || !Model.shape.name.safeParse(name).success) return null;
      return { ...other, name };
    },
  };
}

/** The most that an answer may take: the lines of its hold. */
export function linesOf(model: Model, most: { input: number; output: number }): Lines {
  const ofInput = { input: most.input, cached: most.input };
  const quantities = { ...ofInput, output: most.output, reasoning: most.output };
  return Object.fromEntries(
    DIRECTIONS.filter((direction) => isCharged(model, direction)).map((direction) => [
      direction,
      {
        meter: model.meter,
        dimensions: { ...model.dimensions, model: model.name, direction },
        quantity: BigInt(quantities[direction]),
      },
    ]),
  );
}

/** What an answer took, by the directions that have rates of their own. */
export function usedOf(model: Model, { input, cached, output, reasoning }: TokenUsage): Used {
  const apart = {
    cached: isCharged(model, "cached") ? Math.min(cached, input) : 0,
    reasoning: isCharged(model, "reasoning") ? Math.min(reasoning, output) : 0,
  };
  return {
    input: BigInt(input - apart.cached),
    cached: BigInt(apart.cached),
    output: BigInt(output - apart.reasoning),
    reasoning: BigInt(apart.reasoning),
  };
}

/** Prompts and answers always are: what has no rate of its own counts as one of these. */
function isCharged(model: Model, direction: (typeof DIRECTIONS)[number]): boolean {
  return direction === "input" || direction === "output" || model.directions.includes(direction);
}
