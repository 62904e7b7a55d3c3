import { once } from "node:events";
import { type Server, createServer } from "node:http";

import { expect } from "chai";

import { createApi } from "@compute-credits/client/http/api";

describe("createApi", () => {
  let server: Server;
  let url: string;
  let requests: number;
  let lost: number;

  /** A server that drops the connection of its first `lost` requests after reading them. */
  beforeEach(async () => {
    requests = 0;
    server = createServer((request, response) => {
      request.resume().on("end", () => {
        requests++;
        if (requests <= lost) request.socket.destroy();
        else response.setHeader("content-type", "application/json").end(`{"n":${requests}}`);
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    url = `http://127.0.0.1:${address.port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it("sends a request once more if the connection is lost", async () => {
    lost = 1;
    expect(await createApi(url).post("/v1/usage", [])).to.deep.equal({ n: 2 });
  });

  it("gives up after the second loss", async () => {
    lost = 2;
    const failure = await createApi(url)
      .get("/v1/deployment")
      .catch((error: unknown) => error);
    expect(failure).to.be.an.instanceOf(TypeError);
    expect(requests).to.equal(2);
  });
});
