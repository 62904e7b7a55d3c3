import { expect } from "chai";

import {
  createAddressList,
  isAddressOrNetwork,
} from "@compute-credits/platform/process/addressList";
import { clientAddress } from "@compute-credits/platform/process/clientAddress";

describe("createAddressList", () => {
  const isListed = createAddressList(["192.0.2.7", "10.0.0.0/8", "2001:db8::7", "fd00:1::/64"]);

  for (const [address, expected] of [
    ["192.0.2.7", true],
    ["::ffff:192.0.2.7", true],
    ["192.0.2.8", false],
    ["10.255.0.1", true],
    ["::ffff:10.1.2.3", true],
    ["11.0.0.1", false],
    ["2001:db8:0:0::7", true],
    // A neighbour in the same /64 is another machine.
    ["2001:db8::8", false],
    ["fd00:1::abcd", true],
    ["fd00:1::abcd%eth0", true],
    ["fd00:2::1", false],
    ["unknown", false],
    ["", false],
  ] as const) {
    it(`${expected ? "has" : "has not"} ${address}`, () => {
      expect(isListed(address)).to.equal(expected);
    });
  }
});

describe("isAddressOrNetwork", () => {
  for (const entry of ["192.0.2.7", "0.0.0.0/0", "2001:db8::/128"]) {
    it(`takes ${entry}`, () => {
      expect(isAddressOrNetwork(entry)).to.equal(true);
    });
  }
  for (const entry of ["proxy.example", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0.0/8/8", ""]) {
    it(`refuses "${entry}"`, () => {
      expect(isAddressOrNetwork(entry)).to.equal(false);
    });
  }
});

describe("clientAddress", () => {
  const isTrusted = createAddressList(["10.0.0.1", "10.0.0.2"]);
  const from = (remoteAddress: string, forwarded?: string) =>
    clientAddress(
      {
        socket: { remoteAddress },
        headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
      },
      isTrusted,
    );

  it("is the connection's, whatever a stranger says of itself", () => {
    expect(from("198.51.100.1", "192.0.2.1")).to.equal("198.51.100.1");
  });

  it("is what the trusted proxy appended, not what its client made up before it", () => {
    expect(from("10.0.0.1", "192.0.2.1, 198.51.100.1")).to.equal("198.51.100.1");
  });

  it("is looked for behind several trusted proxies", () => {
    expect(from("10.0.0.1", "192.0.2.1,198.51.100.1, 10.0.0.2")).to.equal("198.51.100.1");
  });

  for (const forwarded of [undefined, ""]) {
    it(`is the proxy's if that forwards for nobody: ${forwarded}`, () => {
      expect(from("10.0.0.1", forwarded)).to.equal("10.0.0.1");
    });
  }

  // A proxy on this machine has no rate limit: its clients must not count as the proxy.
  for (const forwarded of ["unknown", "198.51.100.1, ", "not an address", "1.2.3:4", "[x]:1"]) {
    it(`is one for all clients of which the proxy wrote no address: ${forwarded}`, () => {
      expect(from("10.0.0.1", forwarded)).to.equal("0.0.0.0");
    });
  }

  for (const [forwarded, address] of [
    ["198.51.100.1:1234", "198.51.100.1"],
    ["[2001:db8::1]:1234", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
  ] as const) {
    it(`is without the port that a proxy adds: ${forwarded}`, () => {
      expect(from("10.0.0.1", forwarded)).to.equal(address);
    });
  }

  it("is the first proxy's if the request began there", () => {
    expect(from("10.0.0.1", "10.0.0.2")).to.equal("10.0.0.2");
  });
});
