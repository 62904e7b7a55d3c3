import { isIPv6 } from "node:net";

import { createAddressList } from "./addressList.ts";

/**
 * IPv4 networks that are not the public internet (IANA's registry): this host, private, shared,
 * loopback, link-local with the metadata services of clouds, protocols, documentation, benchmarks,
 * multicast, reserved.
 */
const SPECIAL_IPV4 = createAddressList([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
]);

/** What is handed out of IPv6: all else is loopback, mapped, private, link-local or multicast. */
const GLOBAL_IPV6 = createAddressList(["2000::/3"]);

/**
 * Parts of that which are special: Teredo and other protocols, documentation, and 6to4, which carries
 * any IPv4 address. The segment routing of 5f00::/16 is outside.
 */
const SPECIAL_IPV6 = createAddressList(["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]);

/** Whether an IP address, in its usual form, is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  if (isIPv6(address)) return GLOBAL_IPV6(address) && !SPECIAL_IPV6(address);
  return /^\d+\.\d+\.\d+\.\d+$/.test(address) && !SPECIAL_IPV4(address);
}
