import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

import type { AddressList } from "./addressList.ts";

/**
 * The address of a request's client. Each proxy appends to `X-Forwarded-For` who connected to it, so
 * behind a trusted one it is the last address there that is no trusted proxy itself. What stands
 * before that, the client may have made up.
 */
export function clientAddress(
  {
    socket,
    headers,
  }: Pick<IncomingMessage, "headers"> & {
    readonly socket: Pick<IncomingMessage["socket"], "remoteAddress">;
  },
  isTrustedProxy: AddressList,
): string {
  const hops = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",");
  let address = socket.remoteAddress ?? "";
  while (isTrustedProxy(address)) {
    const before = hops.pop()?.trim() ?? "";
    if (isIP(before) === 0) break;
    address = before;
  }
  return address;
}
