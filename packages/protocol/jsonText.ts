/** Writes JSON with each `bigint` as a decimal string: a JSON number loses digits above 2^53. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, bigintsAsText, indent);
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
