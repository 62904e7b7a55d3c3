import { once } from "node:events";
import { type Server, createServer } from "node:http";

import { expect } from "chai";
import { createWalletClient, custom, zeroAddress } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import { ROUTES } from "@compute-credits/api/table";
import { CreditsError, DEFAULT_RETRIES, createApi } from "@compute-credits/client/index";
import { type Asking, CALLS } from "./calls.ts";

/** What a server needs to answer before a wallet signs in. */
const NONCE = { nonce: "0123456789abcdef", chainId: 31337, expiresAt: "2100-01-01T00:00:00.000Z" };

const patternOf = (path: string) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);

/** The route that a request is for: the first that fits, as the server takes it. */
function routeOf(method = "", url = ""): string | undefined {
  const [path = ""] = url.split("?");
  return ROUTES.find(
    (route) => route.method === method.toLowerCase() && patternOf(route.path).test(path),
  )?.id;
}

describe("the SDK's actions and the route table", () => {
  let server: Server;
  let asking: Asking;
  let asked: (string | undefined)[];

  /** A server that refuses everything but nonces. */
  before(async () => {
    server = createServer((request, response) => {
      const id = routeOf(request.method, request.url);
      asked.push(id);
      request.resume().on("end", () => {
        const isNonce = id === "createNonce";
        response.writeHead(isNonce ? 200 : 404, { "content-type": "application/json" });
        response.end(JSON.stringify(isNonce ? NONCE : { reason: "account_not_found" }));
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    // Not 127.0.0.1: describedAnswers compares that host's answers with the table.
    const api = createApi(`http://localhost:${address.port}`, {
      retries: { ...DEFAULT_RETRIES, tries: 1 },
    });
    const account = privateKeyToAccount(generatePrivateKey());
    const transport = custom({ request: () => Promise.reject(new Error("no chain")) });
    const wallet = createWalletClient({ account, transport });
    const deployment = { chainId: 31337, contract: zeroAddress };
    asking = { api, signing: { wallet, deployment } };
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  for (const [route, call] of Object.entries(CALLS)) {
    if (typeof call === "string") {
      it(`${route} needs none: ${call}`);
      continue;
    }
    for (const [name, action] of Object.entries(call)) {
      it(`${name} asks ${route}, and rejects with its refusal`, async () => {
        asked = [];
        const error = await action(asking).then(
          () => "nothing",
          (caught: unknown) => caught,
        );
        expect(asked).to.include(route);
        expect(error)
          .to.be.instanceOf(CreditsError)
          .and.to.include({ reason: "account_not_found" });
      });
    }
  }

  it("each route of the table is in the list", () => {
    expect(Object.keys(CALLS).toSorted()).to.deep.equal(ROUTES.map(({ id }) => id).toSorted());
  });
});
