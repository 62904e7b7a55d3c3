import type { IncomingMessage } from "node:http";

import { GatewayError } from "./gatewayError.ts";

/** The bytes of a request's or an upstream's body. Throws what `tooLong` makes beyond the bound. */
export async function readBytes(
  message: IncomingMessage,
  mostBytes: number,
  tooLong: () => GatewayError,
): Promise<Buffer<ArrayBuffer>> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of message) {
    if (!Buffer.isBuffer(part)) throw new TypeError("a body came as text");
    length += part.length;
    if (length > mostBytes) throw tooLong();
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}

export function bodyTooLong(mostBytes: number): GatewayError {
  return new GatewayError(413, "body_too_large", `A request has at most ${mostBytes} bytes.`);
}
