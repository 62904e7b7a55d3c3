import { expect } from "chai";

import { type HttpApi, openHttpApi, pointersOf } from "../../../fixtures/httpApi.ts";
import { stackKinds } from "../../../fixtures/meteredStack.ts";

for (const kind of stackKinds) {
  describe(`POST /v1/holds on ${kind}`, () => {
    let api: HttpApi;

    before(async () => {
      api = await openHttpApi(kind);
    });
    after(() => api.stop());

    const hold = (body: object) =>
      api.stack.request("/v1/holds", {
        key: api.providerKey,
        body: { spender: api.spender, meter: "requests", ttlSeconds: 60, ...body },
      });

    for (const quantity of [0, "0", "00"]) {
      it(`refuses a hold of nothing (quantity ${JSON.stringify(quantity)})`, async () => {
        const answer = await hold({
          id: `nothing ${String(quantity)}`.replace(" ", "-"),
          quantity,
        });
        expect(answer.status).to.equal(400);
        expect(pointersOf(answer.document)).to.deep.equal(["#/quantity"]);
      });
    }

    it("holds a quantity of 1", async () => {
      expect((await hold({ id: "one", quantity: 1 })).status).to.equal(201);
    });
  });
}
