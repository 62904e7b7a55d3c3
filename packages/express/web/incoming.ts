import type { Incoming } from "../charge/identify.ts";

/** Larger signed bodies are refused: a signature can only be checked with all of them in memory. */
const MOST_SIGNED_BYTES = 16 * 1_024 * 1_024;

/** A web request as the charging sees it. The body of one that a wallet signed is read from a copy. */
export function incomingOf(request: Request): Incoming {
  const { pathname, search } = new URL(request.url);
  const copy = request.headers.has("signature-input") ? request.clone() : null;
  return {
    method: request.method,
    target: `${pathname}${search}`,
    header: (name) => request.headers.get(name) ?? undefined,
    body: async () => (copy?.body ? await allOf(copy.body) : null),
  };
}

/** `undefined` if there is more than can be checked. */
async function allOf(
  body: ReadableStream<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    parts.push(part);
    length += part.byteLength;
    if (length > MOST_SIGNED_BYTES) return undefined;
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
