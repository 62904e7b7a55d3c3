import type { Json } from "@compute-credits/protocol/json/isRecord";
import type { Model } from "../models.ts";
import type { TokenUsage } from "../usage/tokenUsage.ts";

/** One API that the gateway charges for. */
export interface Api {
  readonly path: `/v1/${string}`;
  /** whose errors its clients understand */
  readonly errors: "openai" | "anthropic";
  /** whether it answers with tokens of its own; embeddings do not */
  readonly hasOutput: boolean;
  /** Checks a request, and makes the upstream's. Throws a `BadRequest`. */
  prepare(body: Json, model: Model): Prepared;
  /** Tokens of a whole answer; `null` if it does not tell them. */
  usageOf(answer: Json): TokenUsage | null;
  /** The text of a whole answer, for counting. */
  textOf(answer: Json): string;
  /** A reader of one stream's events. */
  readEvents(asked: Prepared): EventReader;
}

export interface Prepared {
  /** what is sent to the upstream, besides the model's name */
  readonly body: Json;
  readonly isStream: boolean;
  /** the most tokens of all answers together */
  readonly maxOutput: number;
  /** messages, whose templates add tokens */
  readonly messages: number;
  readonly hasTools: boolean;
  readonly images: number;
  /** characters of the images, which are not text */
  readonly imageCharacters: number;
  /** the text of the prompt, for counting */
  readonly promptText: () => string;
  /** whether the caller asked for the usage in the stream */
  readonly wantsUsage: boolean;
}

export type EventReader = (data: string) => ReadEvent;

/** What an event of a stream means. */
export interface ReadEvent {
  /** Reads the text that the model wrote, which is only needed if nothing else counts it. */
  readonly text: () => string;
  /** tokens up to this event; `null` if it does not tell them */
  readonly usage: TokenUsage | null;
  /** whether `usage` counts the whole answer */
  readonly isFinal: boolean;
  /** the tokens of the prompt, if the event tells those alone */
  readonly prompt: Pick<TokenUsage, "input" | "cached"> | null;
  /** what the caller gets: the event as it came, nothing, or another `data` */
  readonly forward: "same" | "nothing" | { readonly data: string };
  /** whether the stream ends with it: the charge comes first */
  readonly isEnd: boolean;
}

export const PASSED_ON: ReadEvent = {
  text: () => "",
  usage: null,
  isFinal: false,
  prompt: null,
  forward: "same",
  isEnd: false,
};

/** The caller sent what cannot be served, or not be metered. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
  readonly param: string | null;

  constructor(message: string, param: string | null = null) {
    super(message);
    this.param = param;
  }
}
