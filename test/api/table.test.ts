import { expect } from "chai";

import type { Route } from "@compute-credits/api/route";
import { ROUTES } from "@compute-credits/api/table";

describe("the route table", () => {
  const routes: readonly Route[] = ROUTES;

  it("has each id, and each method and path, once", () => {
    for (const names of [
      routes.map(({ id }) => id),
      routes.map(({ method, path }) => `${method} ${path}`),
    ]) {
      expect(names).to.deep.equal([...new Set(names)]);
    }
  });

  for (const { id, path, params, body, exampleBody } of routes) {
    it(`${id}: describes exactly the parameters of its path`, () => {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(Object.keys(params?.shape ?? {})).to.have.members(inPath);
    });

    if (body === undefined) continue;
    it(`${id}: has an example of its body, which it accepts`, () => {
      expect(exampleBody).to.not.equal(undefined);
      expect(body.safeParse(exampleBody).error).to.equal(undefined);
    });
  }
});
