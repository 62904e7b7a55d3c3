import { type Json, isRecord } from "@compute-credits/protocol/json/isRecord";

/** The object in a field; empty if there is none. */
export function recordIn(value: unknown, name: string): Json {
  const found = isRecord(value) ? value[name] : undefined;
  return isRecord(found) ? found : {};
}

/** The list in a field; empty if there is none. */
export function listIn(value: unknown, name: string): readonly unknown[] {
  const found = isRecord(value) ? value[name] : undefined;
  return Array.isArray(found) ? found : [];
}

/** The text in a field; empty if there is none. */
export function textIn(value: unknown, name: string): string {
  const found = isRecord(value) ? value[name] : undefined;
  return typeof found === "string" ? found : "";
}

/** The count in a field, from 0 on; `null` if there is none. */
export function countIn(value: unknown, name: string): number | null {
  const found = isRecord(value) ? value[name] : undefined;
  return typeof found === "number" && Number.isSafeInteger(found) && found >= 0 ? found : null;
}

/** `undefined` for a text that is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
