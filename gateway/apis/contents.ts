import { isRecord } from "@compute-credits/protocol/json/isRecord";
import type { Model } from "../models.ts";
import { BadRequest } from "./api.ts";

export interface Contents {
  readonly images: number;
  readonly imageCharacters: number;
  /** all text of it, for counting */
  readonly text: string;
}

/** Parts of a prompt whose tokens are at most as many as their bytes. */
const TEXTS: ReadonlySet<string> = new Set([
  "text",
  "input_text",
  "output_text",
  "refusal",
  "message",
  "function",
  "custom",
  "function_call",
  "function_call_output",
  "tool_use",
  "tool_result",
  "thinking",
  "redacted_thinking",
  "reasoning",
  "summary_text",
  "reasoning_text",
  "ephemeral",
]);

const IMAGES: ReadonlySet<string> = new Set(["image_url", "image", "input_image"]);

/** Deeper JSON is none that an API describes. */
const DEEPEST = 32;

/**
 * Looks through a prompt. Throws a `BadRequest` for a part that may take more tokens than it has
 * bytes, such as a file that the upstream fetches.
 */
export function readContents(prompt: unknown, model: Model): Contents {
  const texts: string[] = [];
  let images = 0;
  let imageCharacters = 0;

  function visit(value: unknown, depth: number): void {
    if (depth > DEEPEST) throw new BadRequest("The prompt is nested too deeply.");
    if (typeof value === "string") texts.push(value);
    else if (Array.isArray(value)) for (const item of value) visit(item, depth + 1);
    else if (isRecord(value)) visitPart(value, depth);
  }

  function visitPart(part: Readonly<Record<string, unknown>>, depth: number): void {
    const kind = part["type"];
    if (typeof kind === "string") {
      if (IMAGES.has(kind)) {
        images++;
        imageCharacters += charactersIn(part, depth);
        return;
      }
      if (!TEXTS.has(kind)) {
        throw new BadRequest(`Parts of the kind ${kind} cannot be metered here.`);
      }
    }
    for (const [name, value] of Object.entries(part)) {
      // What tools were called with is the caller's own JSON, in which `type` means anything.
      if (name === "input" || name === "arguments") texts.push(textOf(value));
      else if (name !== "type" && name !== "id") visit(value, depth + 1);
    }
  }

  visit(prompt, 0);
  if (images > 0 && model.imageTokens === undefined) {
    throw new BadRequest("Images cannot be metered for this model. Send text.");
  }
  return { images, imageCharacters, text: texts.join("\n") };
}

function charactersIn(value: unknown, depth: number): number {
  if (depth > DEEPEST) throw new BadRequest("The prompt is nested too deeply.");
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce<number>((sum, one) => sum + charactersIn(one, depth + 1), 0);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
