import { isRecord } from "@compute-credits/protocol/json/isRecord";
import type { Model } from "../models.ts";
import { countIn, listIn, parseJson } from "../json.ts";
import { readBytes } from "../http/readBody.ts";
import { GatewayError } from "../http/gatewayError.ts";
import type { Upstream } from "../upstream.ts";
import { openTokenizer } from "./tokenizer.ts";

/** Counts tokens of a text. Never rejects. */
export type Counter = (text: string) => Promise<number>;

/** The upstream answers with a number or list per token: a longer answer is not read. */
const MOST_ANSWER_BYTES = 16 * 1_024 * 1_024;

/** A hold keeps ten seconds free for what comes after the work; this takes at most half of it. */
const WAIT_MS = 2_500;

/**
 * Counts with the upstream's own tokenizer, if it has an address for that, or else with GPT-4o's:
 * also while the upstream does not answer, because what was delivered must be charged now.
 */
export function createCounter(
  { tokenize, name, upstreamName = name }: Pick<Model, "name" | "upstreamName" | "tokenize">,
  upstream: Pick<Upstream, "ask">,
): Counter {
  return async (text) => {
    if (text === "") return 0;
    if (tokenize !== "none") {
      const counted = await askUpstream(text, { tokenize, model: upstreamName, upstream });
      // A token of text has at least one byte: an upstream that says more is not believed.
      if (counted !== null && counted <= Buffer.byteLength(text)) return counted;
    }
    const count = await openTokenizer();
    return count(text);
  };
}

interface Asked {
  readonly tokenize: Exclude<Model["tokenize"], "none">;
  readonly model: string;
  readonly upstream: Pick<Upstream, "ask">;
}

/** `null` if it does not answer as it should. */
async function askUpstream(text: string, { tokenize, model, upstream }: Asked) {
  const body =
    tokenize === "llama.cpp"
      ? { content: text, add_special: false }
      : { model, prompt: text, add_special_tokens: false };
  try {
    const answer = await upstream.ask({
      method: "POST",
      path: "/tokenize",
      body: Buffer.from(JSON.stringify(body)),
      headers: {},
      signal: AbortSignal.timeout(WAIT_MS),
    });
    const bytes = await readBytes(answer, MOST_ANSWER_BYTES, tooLong);
    const document = parseJson(bytes.toString("utf8"));
    if (answer.statusCode !== 200 || !isRecord(document)) return null;
    const hasTokens = Array.isArray(document["tokens"]);
    return countIn(document, "count") ?? (hasTokens ? listIn(document, "tokens").length : null);
  } catch {
    return null;
  }
}

function tooLong(): GatewayError {
  return new GatewayError(502, "upstream_failed", "Its tokens are too many.");
}
