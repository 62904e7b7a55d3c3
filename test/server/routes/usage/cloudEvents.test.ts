import { expect } from "chai";
import { CloudEvent, HTTP, type Message } from "cloudevents";

import { wallets } from "../../../../scripts/local/wallets.ts";
import { type HttpApi, openHttpApi, pointersOf } from "../../../fixtures/httpApi.ts";
import { addressOf } from "../../../fixtures/meteredStack.ts";

/** Requests as the CloudEvents project's own SDK makes them. */
describe("POST /v1/usage with the CloudEvents SDK", () => {
  let api: HttpApi;
  before(async () => {
    api = await openHttpApi("PostgreSQL");
  });
  after(() => api.stop());

  const TIME = new Date().toISOString();
  const data = { meter: "requests", quantity: "1" };

  function event(fields: object = {}) {
    return new CloudEvent({
      type: "compute-credits.usage.v1",
      source: addressOf(wallets.provider),
      subject: api.spender,
      data,
      ...fields,
    });
  }

  async function send({ headers, body }: Message) {
    return await api.stack.request("/v1/usage", {
      key: api.providerKey,
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, String(value)]),
      ),
    });
  }

  const extensions = {
    dataschema: "https://example.com/usage",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    attempt: 3,
    sampled: true,
  };

  for (const [mode, encode] of [
    ["binary", HTTP.binary],
    ["structured", HTTP.structured],
  ] as const) {
    it(`debits an event in ${mode} mode, with extensions`, async () => {
      const sent = event(extensions);
      const { status, document } = await send(encode(sent));
      expect(status, JSON.stringify(document)).to.equal(201);
      expect(document).to.deep.include({ id: sent.id, costMicros: "10000" });
    });
  }

  it("takes the same event in another mode as a repetition", async () => {
    const sent = event();
    expect((await send(HTTP.binary(sent))).status).to.equal(201);
    const { status, document } = await send(HTTP.structured(sent));
    expect([status, document["repeated"]]).to.deep.equal([200, true]);
  });

  it("debits a batch in batched mode", async () => {
    const batch = [event(), event()].map((each) => each.toJSON());
    const { status, document } = await send({
      headers: { "content-type": "application/cloudevents-batch+json; charset=utf-8" },
      body: JSON.stringify(batch),
    });
    expect(status).to.equal(200);
    expect(document).to.include({ debited: 2, refused: 0 });
  });

  it("debits data in base64, which the SDK sends for a buffer", async () => {
    const buffer = Buffer.from(JSON.stringify(data));
    const sent = event({
      data: buffer,
      datacontenttype: "application/json; charset=utf-8",
    });
    expect((await send(HTTP.structured(sent))).status).to.equal(201);
  });

  it("refuses base64 that encodes no JSON, and points at it", async () => {
    const { document } = await api.refuses(
      () => send(HTTP.structured(event({ data: Buffer.from("no JSON") }))),
      400,
      "invalid_event",
    );
    expect(pointersOf(document)).to.include("#/data_base64");
  });

  it("refuses binary mode without its attributes, and points at each", async () => {
    const { document } = await api.refuses(
      () =>
        api.stack.request("/v1/usage", {
          key: api.providerKey,
          body: data,
          headers: { "ce-specversion": "1.0", "ce-id": "only-an-id" },
        }),
      400,
      "invalid_event",
    );
    expect(pointersOf(document)).to.have.members(["#/type", "#/source", "#/time", "#/subject"]);
  });

  it("refuses an extension that is an object", async () => {
    const structured = event().toJSON();
    const { document } = await api.refuses(
      () => api.report({ ...structured, extra: { nested: true } }),
      400,
      "invalid_event",
    );
    expect(pointersOf(document)).to.deep.equal(["#/extra"]);
  });

  it("decodes percent signs in headers, and leaves what is no encoding", async () => {
    const ids: [string, string][] = [
      ["100%25", "100%"],
      ["100%", "100%"],
    ];
    for (const [sent, expected] of ids) {
      // oxlint-disable-next-line no-await-in-loop -- the second is the first one, repeated
      const { document } = await send(HTTP.binary(event({ id: sent, time: TIME })));
      expect(document["id"]).to.equal(expected);
    }
  });

  it("refuses dimensions that name __proto__", async () => {
    const body = JSON.stringify(event({ id: "proto" })).replace(
      '"quantity":"1"',
      '"quantity":"1","dimensions":{"__proto__":"x"}',
    );
    const { document } = await api.refuses(() => api.report(body), 400, "invalid_event");
    expect(pointersOf(document)).to.deep.equal(["#/data/dimensions"]);
  });
});
