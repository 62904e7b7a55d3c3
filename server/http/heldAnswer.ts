import type { Response } from "express";

/** An answer that is ready to be sent. */
export interface ReadyAnswer {
  readonly status: number;
  readonly contentType: string;
  /** `null` if it was sent in parts */
  readonly body: string | null;
}

const JSON_TYPE = "application/json; charset=utf-8";

/** Holds the answer back until `before` has settled. Its failure keeps no answer back. */
export function holdAnswer(res: Response, before: (answer: ReadyAnswer) => Promise<void>): void {
  const end = res.end.bind(res);
  const write = res.write.bind(res);
  let isInParts = false;

  function sendLater(...parts: unknown[]): Response {
    const [chunk] = parts;
    const answer = {
      status: res.statusCode,
      contentType: String(res.getHeader("content-type") ?? JSON_TYPE),
      body: isInParts ? null : textOf(chunk),
    };
    restore();
    const send = () => void Reflect.apply(end, undefined, parts);
    before(answer).then(send, send);
    return res;
  }

  function writeNow(...parts: unknown[]): unknown {
    isInParts = true;
    return Reflect.apply(write, undefined, parts);
  }

  // Express and the routes answer by these two methods of the response.
  function restore(): void {
    Object.assign(res, { end, write });
  }
  Object.assign(res, { end: sendLater, write: writeNow });
}

function textOf(chunk: unknown): string {
  if (typeof chunk === "string") return chunk;
  return chunk instanceof Uint8Array ? Buffer.from(chunk).toString("utf8") : "";
}
