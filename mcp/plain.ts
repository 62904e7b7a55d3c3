import { jsonText } from "@compute-credits/protocol/jsonText";
import { MOST_CHARACTERS } from "./fields.ts";

/**
 * Makes JSON of what the SDK returned: a `bigint` becomes text, a time ISO 8601. A text is cut at
 * 1,024 characters, and control and direction characters in it become spaces: it may be anybody's.
 */
export function plain(value: object): Record<string, unknown> {
  const made: unknown = JSON.parse(jsonText(value), (_name, found: unknown) =>
    typeof found === "string" ? bounded(found) : found,
  );
  if (typeof made !== "object" || made === null) throw new Error("an answer is an object");
  return { ...made };
}

function bounded(text: string): string {
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ");
  return shown.length > MOST_CHARACTERS ? `${shown.slice(0, MOST_CHARACTERS - 1)}…` : shown;
}
