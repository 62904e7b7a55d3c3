import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { z } from "zod";

import { openLedger } from "../fixtures/ledger.ts";
import { serveLedger } from "../fixtures/ledgerServer.ts";
import { databaseKinds } from "../fixtures/databases.ts";

/** `GET /v1/deployment`: the first cell of each row between the page's markers. */
async function documentedRoutes(): Promise<readonly string[]> {
  const text = await readFile(new URL("../../docs/routes.md", import.meta.url), "utf8");
  const [, routes = ""] = text.split(/<!-- \/?routes -->/);
  return [...routes.matchAll(/^\| `((?:GET|POST) \/[^`]+)` /gm)].map(([, route = ""]) => route);
}

/** What Express keeps of each entry of a router: a route, or a handler that may be a router. */
const Layer = z.object({
  route: z.object({ path: z.string(), methods: z.record(z.string(), z.boolean()) }).optional(),
  handle: z.unknown(),
});

/** The routes of a router and of the routers in it, without the paths that these are mounted at. */
function routesOf(router: unknown): readonly string[] {
  const isRouter = typeof router === "function" && "stack" in router;
  if (!isRouter) return [];
  return z
    .array(Layer)
    .parse(router.stack)
    .flatMap(({ route, handle }) =>
      route === undefined
        ? routesOf(handle)
        : Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`),
    );
}

describe("docs/routes.md", () => {
  it("lists exactly the routes that the server has", async () => {
    const [kind] = databaseKinds;
    if (kind === undefined) throw new Error("no database");
    const ledger = await openLedger(await kind.open());
    const server = await serveLedger(ledger);
    try {
      const served = routesOf(server.app.router).map((route) =>
        route.replace(
          / (?!\/(healthz|readyz(\/\w+)?|openapi\.json|llms\.txt|docs(\/[\w.]+)?)$)/,
          " /v1",
        ),
      );
      const documented = await documentedRoutes();
      expect(documented.toSorted()).to.deep.equal(served.toSorted());
      expect(documented).to.have.length.greaterThan(40);
    } finally {
      await server.stop();
      await ledger.database.close();
    }
  });
});
