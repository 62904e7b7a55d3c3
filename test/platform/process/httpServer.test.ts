import { type Server, createServer } from "node:http";

import { expect } from "chai";

import { ConfigError } from "@compute-credits/platform/process/environment";
import { close, listen } from "@compute-credits/platform/process/httpServer";

describe("listen", () => {
  const open: Server[] = [];
  afterEach(() => Promise.all(open.splice(0).map(close)));

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
