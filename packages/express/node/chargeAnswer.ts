import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

import {
  COST_TRAILERS,
  costComment,
  costFields,
  isEventStream,
  wantsTrailers,
} from "../charge/answerHeaders.ts";
import type { Charge, Finished } from "../charge/charge.ts";
import type { Delivery } from "../charge/delivery.ts";
import { type Measuring, finishMeasured } from "../charge/finishMeasured.ts";

/**
 * Charges an answer of Node's HTTP server when it ends, or when its connection closes before. An
 * answer that is sent at once waits for the charge, so that its header tells the cost. One that is
 * streamed flows on unchanged; its end waits, and tells the cost in a trailer, or in a comment of an
 * event stream.
 */
export function chargeAnswer(res: ServerResponse, charge: Charge, measuring: Measuring): void {
  const write = res.write.bind(res);
  const end = res.end.bind(res);
  let bytes = 0;
  let finished: Promise<Finished> | null = null;
  let hasEnded = false;

  function finish(delivery: Delivery): Promise<Finished> {
    finished ??= finishMeasured(charge, delivery, measuring);
    return finished;
  }

  res.write = (chunk: unknown, ...rest: unknown[]): boolean => {
    if (hasEnded) return false;
    if (!res.headersSent) announce(res);
    bytes += sizeOf(chunk, rest[0]);
    return Reflect.apply(write, res, [chunk, ...rest]);
  };

  res.end = (...args: unknown[]): ServerResponse => {
    // The first end counts: an error handler may try to answer once more meanwhile.
    if (hasEnded) return res;
    hasEnded = true;
    if (finished !== null) return Reflect.apply(end, res, args);
    const [chunk, encoding] = args;
    bytes += typeof chunk === "function" ? 0 : sizeOf(chunk, encoding);
    const delivery = { status: res.statusCode, bytes, isComplete: true };
    void endCharged(delivery, args);
    return res;
  };

  async function endCharged(delivery: Delivery, args: unknown[]): Promise<void> {
    const head = res.headersSent ? null : { status: res.statusCode, headers: res.getHeaders() };
    const cost = await finish(delivery);
    if (head !== null) restore(res, head);
    tell(res, cost, write);
    Reflect.apply(end, res, args);
  }

  res.once("close", () => {
    if (res.writableFinished) return;
    charge.abandon();
    void finish({ status: res.headersSent ? res.statusCode : 0, bytes, isComplete: false });
  });
}

/** The head as it was when the answer ended. */
function restore(
  res: ServerResponse,
  { status, headers }: { readonly status: number; readonly headers: OutgoingHttpHeaders },
): void {
  res.statusCode = status;
  for (const name of res.getHeaderNames()) if (!(name in headers)) res.removeHeader(name);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) res.setHeader(name, value);
  }
}

/** Trailers must be announced, and need a body in chunks. */
function announce(res: ServerResponse): void {
  if (!readsTrailers(res) || res.hasHeader("content-length")) return;
  if (!res.hasHeader("trailer")) res.setHeader("Trailer", COST_TRAILERS);
}

function tell(res: ServerResponse, cost: Finished, write: ServerResponse["write"]): void {
  const fields = costFields(cost);
  if (res.destroyed) return;
  if (!res.headersSent) {
    for (const [name, value] of Object.entries(fields)) res.setHeader(name, value);
    return;
  }
  if (isEventStream(String(res.getHeader("content-type") ?? ""))) write(costComment(cost));
  if (readsTrailers(res)) res.addTrailers(fields);
}

function readsTrailers({ req }: ServerResponse): boolean {
  return wantsTrailers(req.headers["te"]?.toString());
}

function sizeOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === "string") {
    return Buffer.byteLength(chunk, isEncoding(encoding) ? encoding : "utf8");
  }
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}

function isEncoding(value: unknown): value is BufferEncoding {
  return typeof value === "string" && Buffer.isEncoding(value);
}
