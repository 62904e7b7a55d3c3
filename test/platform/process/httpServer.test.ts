import { once } from "node:events";
import { type Server, createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";

import { expect } from "chai";

import { ConfigError } from "@compute-credits/platform/process/environment";
import { close, listen } from "@compute-credits/platform/process/httpServer";

describe("listen", () => {
  const open: Server[] = [];
  afterEach(() => Promise.all(open.splice(0).map((server) => close(server, 1_000))));

  async function listenOn(host: string, port = 0): Promise<string> {
    const server = createServer((_req, res) => res.end("here"));
    const url = await listen(server, { host, port, portSetting: "AUDITOR_PORT" });
    open.push(server);
    return url;
  }

  it("resolves with a URL that answers, with the port that was free", async () => {
    const url = await listenOn("127.0.0.1");
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect(await (await fetch(url)).text()).to.equal("here");
  });

  it("brackets an IPv6 address", async function () {
    const url = await listenOn("::1").catch(() => null);
    // Some containers have no IPv6.
    if (url === null) this.skip();
    expect(url).to.match(/^http:\/\/\[::1\]:[1-9]\d*$/);
    expect(await (await fetch(url)).text()).to.equal("here");
  });

  it("refuses a port that is taken, and names the setting that holds it", async () => {
    const { port } = new URL(await listenOn("127.0.0.1"));
    const failure = await listenOn("127.0.0.1", Number(port)).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(ConfigError);
    expect(String(failure)).to.include(
      `AUDITOR_PORT ${port} on 127.0.0.1 is taken by another program`,
    );
  });
});

describe("close", () => {
  it("lets a request under way be answered, and waits no longer", async () => {
    const { server, arrived, ended, answer } = await asked("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    const respond = await arrived;
    const closed = close(server, 60_000);
    respond();
    await Promise.all([closed, ended]);
    expect(answer()).to.match(/late$/);
  });

  it("cuts a connection that has sent half a request, after the time it is given", async () => {
    const { server, ended, answer } = await asked("POST / HTTP/1.1\r\nhost: a\r\ncontent-le");
    await Promise.all([close(server, 50), ended]);
    expect(answer()).to.equal("");
  });

  it("cuts a request that is not answered, after the time it is given", async () => {
    const { server, arrived, ended } = await asked("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await arrived;
    await Promise.all([close(server, 50), ended]);
  });
});

/** Starts a server that answers when told, and a connection that has sent `text` to it. */
async function asked(text: string) {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<() => void>();
  const server = createServer({ keepAliveTimeout: 90_000 }, (_req, res) =>
    arrive(() => res.end("late")),
  );
  await listen(server, { host: "127.0.0.1", port: 0, portSetting: "PORT" });
  const socket = connect(addressOf(server).port, "127.0.0.1");
  socket.on("error", () => undefined);
  const connected = once(server, "connection");
  let answer = "";
  socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(text);
  await connected;
  return { server, arrived, ended: once(socket, "close"), answer: () => answer };
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it does not listen");
  return address;
}
