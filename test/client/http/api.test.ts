import { once } from "node:events";
import { type Server, createServer } from "node:http";

import { expect } from "chai";
import { ZodError } from "zod";

import { acceptAccount } from "@compute-credits/api/allowances/acceptances";
import { listAllowances } from "@compute-credits/api/allowances/allowances";
import { createApi } from "@compute-credits/client/http/api";

describe("createApi", () => {
  let server: Server;
  let url: string;
  let requests: number;
  let lost: number;
  let asked: string;
  let answer: object | null;
  let status: number;

  /** A server that drops the connection of its first `lost` requests after reading them. */
  beforeEach(async () => {
    requests = 0;
    answer = null;
    status = 200;
    server = createServer((request, response) => {
      request.resume().on("end", () => {
        requests++;
        asked = `${request.method} ${request.url}`;
        if (requests <= lost) request.socket.destroy();
        else {
          response.writeHead(status, { "content-type": "application/json" });
          response.end(JSON.stringify(answer ?? { n: requests }));
        }
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    // Not 127.0.0.1: describedAnswers compares that host's answers with the table, and these are wrong.
    url = `http://localhost:${address.port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it("sends a request once more if the connection is lost", async () => {
    lost = 1;
    expect(await createApi(url).post("/v1/usage", [])).to.deep.equal({ n: 2 });
  });

  it("calls a route of the table: fills its path and query, and takes only what it describes", async () => {
    lost = 0;
    const address = `0x${"ab".repeat(20)}`;
    const query = { limit: 5, cursor: `0x${"cd".repeat(32)}` };
    answer = { allowances: [], nextCursor: null };
    const page = await createApi(url).call(listAllowances, { params: { address }, query });
    expect(page).to.deep.equal(answer);
    expect(asked).to.equal(`GET /v1/accounts/${address}/allowances?limit=5&cursor=${query.cursor}`);
    answer = { allowances: [], nextCursor: 7 };
    const failure = await createApi(url)
      .call(listAllowances, { params: { address } })
      .catch((error: unknown) => error);
    expect(failure).to.be.an.instanceOf(ZodError);
  });

  it("refuses an answer whose status the route does not have", async () => {
    lost = 0;
    const body = { account: `0x${"ab".repeat(20)}` };
    status = 202;
    const failure = await createApi(url)
      .call(acceptAccount, { body })
      .catch((error: unknown) => error);
    expect(failure).to.be.an.instanceOf(ZodError);
    expect(asked).to.equal("POST /v1/acceptances");
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
