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
  const forwarded = [headers["x-forwarded-for"] ?? []].flat().join(",");
  const hops = forwarded === "" ? [] : forwarded.split(",");
  let address = socket.remoteAddress ?? "";
  while (isTrustedProxy(address)) {
    const before = hops.pop();
    if (before === undefined) break;
    address = addressIn(before.trim()) ?? UNREADABLE;
  }
  return address;
}

/** What clients count as, together, of which a proxy wrote no address: never the proxy itself. */
const UNREADABLE = "0.0.0.0";

/** The address in a hop, which some proxies write with a port: `1.2.3.4:567`, `[2001:db8::1]:567`. */
function addressIn(hop: string): string | null {
  const [, inBrackets, beforePort] = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d+)?$/.exec(hop) ?? [];
  const address = inBrackets ?? beforePort ?? hop;
  return isIP(address) === 0 ? null : address;
}
