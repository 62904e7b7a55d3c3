import type { Request } from "express";

/**
 * The event, or the array of events, that a request carries in one of the modes of CloudEvents over
 * HTTP: structured, batched, or binary. In binary mode the attributes are in headers `ce-*`, and
 * the body is the event's data. Plain JSON is taken as structured or batched.
 */
export function readCloudEvents(req: Request): unknown {
  const isBinary = req.headers["ce-specversion"] !== undefined && !isStructured(req);
  if (!isBinary) return req.body;
  const attributes = Object.entries(req.headers).flatMap(([name, value]) =>
    name.startsWith("ce-") ? [[name.slice("ce-".length), decodeHeader(value)] as const] : [],
  );
  return {
    ...Object.fromEntries(attributes),
    datacontenttype: req.headers["content-type"],
    data: req.body as unknown,
  };
}

/**
 * Replaces `data_base64`, which some SDKs send for a buffer, by the `data` that it encodes. Returns
 * the input itself if it has none, or if it encodes no JSON.
 */
export function decodeData(input: unknown): unknown {
  if (typeof input !== "object" || input === null || !("data_base64" in input)) return input;
  const { data_base64: encoded, ...rest } = input;
  if (typeof encoded !== "string" || "data" in rest) return input;
  try {
    const data: unknown = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
    return { ...rest, data };
  } catch {
    return input;
  }
}

function isStructured({ headers }: Request): boolean {
  return headers["content-type"]?.toLowerCase().startsWith("application/cloudevents") ?? false;
}

/** The protocol binding encodes what a header cannot hold in percent; most senders do not. */
function decodeHeader(value: string | string[] | undefined): string | string[] | undefined {
  if (typeof value !== "string" || !value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
