import { BlockList, isIP, isIPv6 } from "node:net";

/** Whether an address is on the list. */
export type AddressList = (address: string) => boolean;

/** Whether an entry of a list can be used: `10.0.0.7`, `2001:db8::7`, or a network: `10.0.0.0/8`. */
export function isAddressOrNetwork(entry: string): boolean {
  const [address = "", length, ...rest] = entry.split("/");
  if (isIP(address) === 0 || rest.length > 0) return false;
  if (length === undefined) return true;
  return /^\d{1,3}$/.test(length) && Number(length) <= (isIPv6(address) ? 128 : 32);
}

/** Lists addresses and networks. An IPv4 address is also meant if it is mapped into IPv6. */
export function createAddressList(entries: readonly string[]): AddressList {
  const listed = new BlockList();
  for (const entry of entries) {
    const [address = "", length] = entry.split("/");
    if (length === undefined) listed.addAddress(address, familyOf(address));
    else listed.addSubnet(address, Number(length), familyOf(address));
  }
  return (address) => {
    const [bare = ""] = address.split("%");
    return isIP(bare) !== 0 && listed.check(bare, familyOf(bare));
  };
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
