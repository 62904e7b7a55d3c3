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

    const line = { id: "gpu", meter: "requests", quantity: 1 };
    const wrongLines: readonly [why: string, body: object, pointers: readonly string[]][] = [
      ["without lines", { lines: [] }, ["#/lines"]],
      ["with two lines of one id", { lines: [line, line] }, ["#/lines"]],
      ["with a line of nothing", { lines: [{ ...line, quantity: 0 }] }, ["#/lines/0/quantity"]],
      [
        "with more lines than 16",
        { lines: Array.from({ length: 17 }, (_, n) => ({ ...line, id: `${n}` })) },
        ["#/lines"],
      ],
      ["with lines and a quote", { lines: [line], quote: null }, ["#/"]],
    ];
    for (const [why, { ...body }, pointers] of wrongLines) {
      it(`refuses a hold ${why}, and says which field is wrong`, async () => {
        const { spender, providerKey: key } = api;
        const sent = { id: "wrong", spender, ttlSeconds: 60, ...body };
        const answer = await api.stack.request("/v1/holds", { key, body: sent });
        expect(answer.status).to.equal(400);
        expect(pointersOf(answer.document)).to.deep.equal(pointers);
      });
    }

    it("with lines: captures and extends by their ids, and names the wrong ones", async () => {
      const { spender, providerKey: key } = api;
      const lines = [line, { ...line, id: "disk", quantity: 4 }];
      const sent = { id: "lines", spender, ttlSeconds: 60, lines };
      const post = (path: string, body: object) => api.stack.request(path, { key, body });
      expect((await post("/v1/holds", sent)).status).to.equal(201);
      expect((await post("/v1/holds", sent)).status).to.equal(200);
      const unknown = await post("/v1/holds/lines/captures", { eventId: "e", quantity: 1 });
      expect(unknown.document).to.deep.include({
        status: 404,
        reason: "hold_line_not_found",
        lines: ["gpu", "disk"],
      });
      const nothing = await post("/v1/holds/lines/extensions", { id: "none" });
      expect(nothing.document).to.include({ status: 400, reason: "invalid_request" });
      const tooLong = await post("/v1/holds/lines/extensions", { id: "a", ttlSeconds: 9e7 });
      expect(tooLong.document).to.include({ status: 422, reason: "hold_too_long" });
      const more = { id: "a", ttlSeconds: 90, lines: [{ id: "disk", quantity: 2 }] };
      const extended = await post("/v1/holds/lines/extensions", more);
      expect(extended.status).to.equal(201);
      expect(extended.document).to.have.nested.property("lines[1].quantity", "6");
      expect((await post("/v1/holds/lines/extensions", more)).status).to.equal(200);
      const both = [
        { id: "gpu", eventId: "lines/gpu", quantity: 1 },
        { id: "disk", eventId: "lines/disk", quantity: 6 },
      ];
      const captured = await post("/v1/holds/lines/captures", { lines: both });
      expect(captured.status).to.equal(201);
      expect(captured.document).to.have.nested.property("hold.status", "captured");
      expect(captured.document).to.have.nested.property("hold.remainingMicros").a("string");
      const again = await post("/v1/holds/lines/captures", { lines: both });
      expect(again.document).to.have.nested.property("hold.remainingMicros", null);
      expect(captured.document).to.have.nested.property("lines[1].eventId", "lines/disk");
      const late = await post("/v1/holds/lines/extensions", { id: "b", ttlSeconds: 90 });
      expect(late.document).to.include({ status: 409, reason: "hold_resolved" });
    });

    it("holds a quantity of 1", async () => {
      expect((await hold({ id: "one", quantity: 1 })).status).to.equal(201);
    });
  });
}
