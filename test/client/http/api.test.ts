import { once } from "node:events";
import { type Server, createServer } from "node:http";

import { expect } from "chai";

import { acceptAccount } from "@compute-credits/api/allowances/acceptances";
import { listAllowances } from "@compute-credits/api/allowances/allowances";
import { REASONS } from "@compute-credits/api/problems/reasons";
import { reportUsage } from "@compute-credits/api/usage/usage";
import { createApi } from "@compute-credits/client/http/api";
import { DEFAULT_RETRIES } from "@compute-credits/client/http/retries";

const retries = { ...DEFAULT_RETRIES, wait: async () => {} };

/** How the server at `url` refuses a report. */
async function refusalOf(url: string): Promise<unknown> {
  return await createApi(url, { retries })
    .call(reportUsage, { body: [] })
    .catch((error: unknown) => error);
}

describe("createApi", () => {
  let server: Server;
  let url: string;
  let requests: number;
  let lost: number;
  let asked: string;
  let answer: object | null;
  let status: number;
  let keys: unknown[];

  /** A server that drops the connection of its first `lost` requests after reading them. */
  beforeEach(async () => {
    requests = 0;
    answer = null;
    status = 200;
    keys = [];
    server = createServer((request, response) => {
      request.resume().on("end", () => {
        requests++;
        keys.push(request.headers["idempotency-key"]);
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
    expect(failure).to.have.property("reason", "unexpected_answer");
  });

  it("refuses an answer whose status the route does not have", async () => {
    lost = 0;
    const body = { account: `0x${"ab".repeat(20)}` };
    status = 202;
    const failure = await createApi(url)
      .call(acceptAccount, { body })
      .catch((error: unknown) => error);
    expect(failure).to.have.property("reason", "unexpected_answer");
    expect(asked).to.equal("POST /v1/acceptances");
  });

  it("repeats a call with the same Idempotency-Key, and takes a new one for the next call", async () => {
    lost = 2;
    const body = { account: `0x${"ab".repeat(20)}` };
    const api = createApi(url, { retries });
    for (let made = 0; made < 2; made++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await api.call(acceptAccount, { body }).catch(() => {});
    }
    expect(requests).to.equal(4);
    expect(keys[0]).to.match(/^[0-9a-f]{32}$/);
    expect(keys.slice(0, 3)).to.deep.equal([keys[0], keys[0], keys[0]]);
    expect(keys[3]).not.to.equal(keys[0]);
  });

  it("sends none with usage, whose ids serve, and none with reads", async () => {
    lost = 0;
    const api = createApi(url, { retries });
    await api.call(reportUsage, { body: [] }).catch(() => {});
    await api.call(listAllowances, { params: { address: `0x${"ab".repeat(20)}` } }).catch(() => {});
    expect(keys).to.deep.equal([undefined, undefined]);
  });

  it("refuses an address that is no URL", () => {
    expect(() => createApi("meter.example"))
      .to.throw(/cannot be used: .*Invalid URL/)
      .with.property("reason", "invalid_input");
  });

  it("throws a problem with what to do next, and a page of a proxy as an unexpected answer", async () => {
    lost = 0;
    status = 402;
    answer = { reason: "insufficient_credits", detail: "no credits" };
    expect(await refusalOf(url)).to.include({
      name: "ApiProblem",
      status: 402,
      reason: "insufficient_credits",
      message: "402 insufficient_credits: no credits",
      next: REASONS.insufficient_credits.next,
    });
    expect(requests).to.equal(1);
    status = 502;
    answer = { error: "bad gateway" };
    expect(await refusalOf(url)).to.include({
      name: "CreditsError",
      reason: "unexpected_answer",
      status: 502,
    });
    expect(requests).to.equal(5);
  });

  it("gives up after the second loss", async () => {
    lost = 2;
    const failure = await createApi(url)
      .get("/v1/deployment")
      .catch((error: unknown) => error);
    expect(failure).to.include({
      name: "CreditsError",
      reason: "server_unreachable",
      status: null,
    });
    expect(requests).to.equal(2);
  });
});
