import type { Prepared } from "./apis/api.ts";
import type { Relayed } from "./stream/relayStream.ts";
import type { TokenUsage } from "./usage/tokenUsage.ts";
import type { Counter } from "./usage/countTokens.ts";

/** Tokens that are charged, and whether the gateway counted them itself. */
export interface Measured {
  readonly usage: TokenUsage;
  readonly isEstimated: boolean;
}

const NOTHING: Measured = {
  usage: { input: 0, cached: 0, output: 0, reasoning: 0 },
  isEstimated: false,
};

/**
 * What a stream is charged. A whole one: what the upstream counted. One that broke off: what reached
 * the caller, and the prompt; nothing if nothing did.
 */
export async function measureStream(
  asked: Prepared,
  relayed: Relayed,
  count: Counter,
): Promise<Measured> {
  const { isWhole, total, reached, prompt } = relayed;
  if (isWhole && total !== null) return { usage: total, isEstimated: false };
  if (reached !== null && reached.output > 0) return { usage: reached, isEstimated: false };
  const text = relayed.text();
  if (text === "" && !isWhole) return NOTHING;
  const counted = await countText(asked, text, count);
  const { input, cached } = total ?? reached ?? prompt ?? { ...counted, cached: 0 };
  const output = Math.min(counted.output, total?.output ?? Number.MAX_SAFE_INTEGER);
  return { usage: { input, cached, output, reasoning: 0 }, isEstimated: true };
}

/** What a whole answer is charged that does not tell its usage. */
export async function measureText(
  asked: Prepared,
  text: string,
  count: Counter,
): Promise<Measured> {
  return {
    usage: { ...(await countText(asked, text, count)), cached: 0, reasoning: 0 },
    isEstimated: true,
  };
}

async function countText(
  { promptText }: Prepared,
  text: string,
  count: Counter,
): Promise<{ input: number; output: number }> {
  const [input, output] = await Promise.all([count(promptText()), count(text)]);
  return { input, output };
}
