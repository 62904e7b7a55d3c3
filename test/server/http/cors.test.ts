import { once } from "node:events";
import { type Server, createServer } from "node:http";

import { expect } from "chai";
import express from "express";

import { allowOrigins } from "../../../server/http/cors.ts";

const PAGE = "https://app.example";

describe("pages of other origins", () => {
  let server: Server;
  let url: string;

  before(async () => {
    const app = express();
    app.use("/none", allowOrigins([]));
    app.use("/one", allowOrigins([PAGE]));
    app.use((req, res) => void res.status(req.method === "OPTIONS" ? 404 : 200).end());
    server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    url = `http://127.0.0.1:${address.port}`;
  });
  after(async () => {
    server.close();
    await once(server, "close");
  });

  async function ask(path: string, headers: Record<string, string>, method = "GET") {
    const answer = await fetch(`${url}${path}`, { method, headers });
    await answer.arrayBuffer();
    const cors = [...answer.headers].filter(([name]) => name.startsWith("access-control-"));
    return { status: answer.status, vary: answer.headers.get("vary"), cors: new Map(cors) };
  }

  const preflight = { "access-control-request-method": "POST" };

  it("get no header of CORS unless the operator names them exactly", async () => {
    for (const origin of ["https://evil.example", `${PAGE}:443`, `${PAGE}.evil.example`, "null"]) {
      // oxlint-disable-next-line no-await-in-loop -- a few origins
      const { cors, vary } = await ask("/one", { origin });
      expect(cors.size, origin).to.equal(0);
      expect(vary).to.equal("Origin");
      // oxlint-disable-next-line no-await-in-loop -- a few origins
      const asked = await ask("/one", { origin, ...preflight }, "OPTIONS");
      expect(asked.status).to.equal(404);
      expect(asked.cors.size).to.equal(0);
    }
    const { cors, vary } = await ask("/none", { origin: PAGE });
    expect(cors.size).to.equal(0);
    expect(vary).to.equal(null);
  });

  it("may call with credentials if they are named", async () => {
    const { status, cors, vary } = await ask("/one", { origin: PAGE });
    expect(status).to.equal(200);
    expect(cors.get("access-control-allow-origin")).to.equal(PAGE);
    expect(cors.get("access-control-allow-credentials")).to.equal("true");
    const exposed = cors.get("access-control-expose-headers")?.split(", ");
    expect(exposed).to.include.members([
      "retry-after",
      "ratelimit",
      "link",
      "idempotency-replayed",
    ]);
    expect(vary).to.equal("Origin");
  });

  it("are answered what they may send before they do", async () => {
    const { status, cors } = await ask("/one", { origin: PAGE, ...preflight }, "OPTIONS");
    expect(status).to.equal(204);
    expect(cors.get("access-control-allow-methods")).to.include("POST");
    expect(cors.get("access-control-allow-headers")).to.include("authorization");
    expect(cors.get("access-control-max-age")).to.equal("600");
    expect((await ask("/one", { origin: PAGE }, "OPTIONS")).status).to.equal(404);
  });
});
