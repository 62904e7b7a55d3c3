/** Counts tokens of texts for which an upstream told no usage. */
export type CountTokens = (text: string) => number;

let loaded: Promise<CountTokens> | null = null;

/**
 * The tokenizer of GPT-4o (`o200k_base`). Other models' tokenizers count text differently, mostly
 * within a fifth: what is counted so is marked as estimated. Loaded when it is first needed.
 */
export async function openTokenizer(): Promise<CountTokens> {
  loaded ??= import("gpt-tokenizer/encoding/o200k_base").then(
    ({ countTokens }) =>
      // Texts that look like special tokens are text here.
      (text) =>
        countTokens(text, { allowedSpecial: new Set(), disallowedSpecial: new Set() }),
  );
  return await loaded;
}
