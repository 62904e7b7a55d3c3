import type { Prepared } from "./apis/api.ts";
import type { Model } from "./models.ts";

/** Tokens that a chat's template adds at most: to each message, for the tools, and once. */
const PER_MESSAGE = 16;
const FOR_TOOLS = 1_024;
const ONCE = 256;

/**
 * The most tokens that a prompt can have: a token of text has at least one byte, and JSON is never
 * shorter than the text in it. At most what the model reads.
 */
export function inputBound(asked: Prepared, bodyBytes: number, model: Model): number {
  const { messages, hasTools, images, imageCharacters } = asked;
  const template = ONCE + messages * PER_MESSAGE + (hasTools ? FOR_TOOLS : 0);
  const ofImages = images * (model.imageTokens ?? 0);
  return Math.min(model.contextTokens, bodyBytes - imageCharacters + ofImages + template);
}
