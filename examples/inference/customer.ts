import OpenAI from "openai";

/** One paid request, as the gateway's headers tell it. */
export interface Paid {
  readonly tokens: number;
  readonly costMicros: bigint;
  readonly remainingMicros: bigint;
}

export interface Answer {
  readonly text: string;
  /** from -1 to 1: how near it is to the question */
  readonly nearness: number;
}

export interface Asking {
  /** the gateway's address */
  readonly gateway: string;
  readonly apiKey: string;
  readonly model: string;
}

/**
 * A customer's program: finds the text that is nearest to a question. It uses OpenAI's own client,
 * with the gateway's address and a credits key in place of OpenAI's.
 */
export async function findNearest(
  { gateway, apiKey, model }: Asking,
  texts: readonly string[],
  question: string,
): Promise<{ readonly answers: readonly Answer[]; readonly paid: readonly Paid[] }> {
  const openai = new OpenAI({ baseURL: `${gateway}/v1`, apiKey });
  const paid: Paid[] = [];

  async function embed(input: string[]): Promise<number[][]> {
    const asked = openai.embeddings.create({ model, input });
    const { data, response } = await asked.withResponse();
    paid.push({
      tokens: data.usage.prompt_tokens,
      costMicros: BigInt(response.headers.get("credits-cost") ?? 0),
      remainingMicros: BigInt(response.headers.get("credits-remaining") ?? 0),
    });
    return data.data.map(({ embedding }) => embedding);
  }

  const vectors = await embed([...texts]);
  const [asked = []] = await embed([question]);
  const answers = texts.map((text, index) => ({
    text,
    nearness: dot(vectors[index] ?? [], asked),
  }));
  return { answers: answers.toSorted((a, b) => b.nearness - a.nearness), paid };
}

/** The model's vectors have the length 1, so this is the cosine. */
function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}
