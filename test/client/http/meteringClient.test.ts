import { once } from "node:events";
import { createServer } from "node:http";

import { expect } from "chai";
import { zeroAddress } from "viem";

import { createMeteringClient } from "@compute-credits/client/http/meteringClient";

describe("createMeteringClient", () => {
  it("with an endless list of allowances: stops after 1,000 pages", async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked++;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ allowances: [], nextCursor: `${asked}` }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    try {
      const asking = createMeteringClient(`http://127.0.0.1:${address.port}`).allowances(
        zeroAddress,
      );
      const failure = await asking.catch((error: unknown) => error);
      expect(failure)
        .to.be.an("error")
        .with.property("message", "its list goes on after 1000 pages");
      expect(asked).to.equal(1_000);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
