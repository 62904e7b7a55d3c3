import { jsonText } from "@compute-credits/protocol/jsonText";

/** Writes JSON with sorted names and without undefined fields: equal values give equal text. */
export function canonicalText(value: unknown): string {
  return jsonText(withSortedNames(value));
}

function withSortedNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedNames);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => [name, withSortedNames(field)]),
  );
}
