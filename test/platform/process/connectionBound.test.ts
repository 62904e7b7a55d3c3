import { once } from "node:events";
import { createServer } from "node:http";
import { type Socket, connect } from "node:net";

import { expect } from "chai";

import { createAddressList } from "@compute-credits/platform/process/addressList";
import { addressGroup, boundConnections } from "@compute-credits/platform/process/connectionBound";

describe("addressGroup", () => {
  for (const [address, group] of [
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:aaaa::1", "2001:db8:1:2"],
    ["2001:0db8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2"],
    ["2001:db8:1:3::1", "2001:db8:1:3"],
    ["::1", "0:0:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
  ] as const) {
    it(`puts ${address} into ${group}`, () => {
      expect(addressGroup(address)).to.equal(group);
    });
  }
});

describe("boundConnections", () => {
  it("closes the connection above the bound, and no other", async () => {
    const server = await listening([]);
    expect([await server.ask(), await server.ask(), await server.ask()]).to.deep.equal([
      true,
      true,
      false,
    ]);
    server.stop();
  });

  it("does not bind trusted proxies", async () => {
    const server = await listening(["127.0.0.1"]);
    expect([await server.ask(), await server.ask(), await server.ask()]).to.deep.equal([
      true,
      true,
      true,
    ]);
    server.stop();
  });
});

/** A server that takes two connections from an address. */
async function listening(trustedProxies: readonly string[]) {
  const server = createServer((_req, res) => res.end("ok"));
  boundConnections(server, {
    perAddress: 2,
    isTrustedProxy: createAddressList(trustedProxies),
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const sockets: Socket[] = [];
  return {
    /** Connects, asks, and tells whether there was an answer. */
    async ask(): Promise<boolean> {
      const socket = connect(port, "127.0.0.1");
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
      return await Promise.race([
        once(socket, "data").then(() => true),
        once(socket, "close").then(() => false),
      ]);
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
