import { type Server as HttpServer } from "node:http";
import { isIPv6 } from "node:net";

import type { AddressList } from "./addressList.ts";

export interface ConnectionBound {
  /** open connections from one IPv4 address, or from one IPv6 /64 */
  readonly perAddress: number;
  /** addresses that any number of connections may come from */
  readonly isTrustedProxy: AddressList;
}

/** Closes a new connection at once if its address has as many open ones as it may. */
export function boundConnections(
  server: HttpServer,
  { perAddress, isTrustedProxy }: ConnectionBound,
): void {
  const open = new Map<string, number>();
  server.on("connection", (socket) => {
    const address = socket.remoteAddress ?? "";
    if (isTrustedProxy(address)) return;
    const group = addressGroup(address);
    const count = open.get(group) ?? 0;
    if (count >= perAddress) {
      socket.destroy();
      return;
    }
    open.set(group, count + 1);
    socket.once("close", () => {
      const left = (open.get(group) ?? 1) - 1;
      if (left === 0) open.delete(group);
      else open.set(group, left);
    });
  });
}

/** The IPv4 address, also if it is mapped into IPv6, or the /64 that one IPv6 customer has. */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("%")[0]?.split("::") ?? [];
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
