/** JSON with every `bigint` as decimal text: JSON's own numbers lose digits above 2^53. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, bigintsAsText, indent);
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
