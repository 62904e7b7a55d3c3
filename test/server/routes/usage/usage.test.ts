import { expect } from "chai";
import { pad } from "viem";

import { LAST_SECOND } from "@compute-credits/protocol/times";
import { walletSpender } from "@compute-credits/protocol/messages/spender";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { signRevocation } from "@compute-credits/client/wallet/signedAllowance";
import { wallets } from "../../../../scripts/local/wallets.ts";
import { type HttpApi, openHttpApi, pointersOf, hexOf, listOf } from "../../../fixtures/httpApi.ts";
import { stackKinds, addressOf, cloudEvent } from "../../../fixtures/meteredStack.ts";

const { alice, bob } = wallets;

for (const kind of stackKinds) {
  describe(`POST /v1/usage on ${kind}`, () => {
    let api: HttpApi;

    before(async () => {
      api = await openHttpApi(kind);
    });
    after(() => api.stop());

    it("debits an event once: 201, then 200 with the first outcome", async () => {
      const before = (await api.stack.context.accounts.balance(addressOf(alice))).spent;
      const event = cloudEvent(api.spender);
      const [first, second] = [await api.report(event), await api.report(event)];

      expect([first.status, second.status]).to.deep.equal([201, 200]);
      expect(first.document).to.deep.include({
        id: event.id,
        result: "debited",
        costMicros: "10000",
        rateCardVersion: 1,
        repeated: false,
      });
      expect(second.document).to.deep.equal({ ...first.document, repeated: true });
      const { spent } = await api.stack.context.accounts.balance(addressOf(alice));
      expect(spent - before).to.equal(10_000n);
    });

    it("charges all events of a group or none, also if one is malformed", async () => {
      const [before] = await api.stack.balances();
      const of = (group: string, data: object = {}, fields: object = {}) => ({
        ...cloudEvent(api.spender, data, fields),
        group,
      });
      const wrong = of("b", { quantity: -1 });
      const events = [
        of("a"),
        of("a", { quantity: 2 }),
        of("b"),
        wrong,
        of("c"),
        of("c", { meter: "magic" }),
        { ...cloudEvent(api.spender), group: 7 },
      ];
      const { document } = await api.report(events);
      expect(outcomesOf(document)).to.deep.equal([
        [events[0]?.id, "10000"],
        [events[1]?.id, "20000"],
        [events[2]?.id, "group_refused"],
        [wrong.id, "invalid_event"],
        [events[4]?.id, "group_refused"],
        [events[5]?.id, "unknown_meter"],
        [events[6]?.id, "invalid_event"],
      ]);
      const [refused] = listOf(document["outcomes"]).slice(2);
      expect(refused).to.have.nested.property("problem.refusedId", wrong.id);
      const [after] = await api.stack.balances();
      expect((after?.spent ?? 0n) - (before?.spent ?? 0n)).to.equal(30_000n);
    });

    it("charges only the good events of a batch, and answers each in its place", async () => {
      const [before] = await api.stack.balances();
      const good = cloudEvent(api.spender);
      const last = cloudEvent(api.spender, { quantity: "3" });
      const { status, document } = await api.report([
        good,
        { ...good, data: { meter: "requests", quantity: 2 } },
        null,
        cloudEvent(api.spender, { quantity: -1 }, { id: "negative" }),
        cloudEvent(api.spender, { meter: "magic" }),
        cloudEvent(api.poorSpender),
        good,
        last,
      ]);

      expect(status).to.equal(200);
      expect(document).to.include({ debited: 3, refused: 5 });
      expect(document["outcomes"]).to.be.an("array").with.length(8);
      expect(outcomesOf(document)).to.deep.equal([
        [good.id, "10000"],
        [good.id, "event_id_conflict"],
        [null, "invalid_event"],
        ["negative", "invalid_event"],
        [outcomeId(document, 4), "unknown_meter"],
        [outcomeId(document, 5), "insufficient_credits"],
        [good.id, "10000"],
        [last.id, "30000"],
      ]);
      const [after] = await api.stack.balances();
      expect((after?.spent ?? 0n) - (before?.spent ?? 0n)).to.equal(40_000n);
    });

    it("takes an empty batch, and a wallet's address as the spender", async () => {
      expect((await api.report([])).document).to.deep.equal({
        outcomes: [],
        debited: 0,
        refused: 0,
      });
      const signed = await api.stack.sign(alice, { spender: walletSpender(bob.account.address) });
      await api.newSpender(signed);
      expect((await api.report(cloudEvent(bob.account.address))).status).to.equal(201);
    });

    // What is wrong with a field, and which.
    const fields: readonly (readonly [string, object, object, string])[] = [
      ["a negative quantity", { quantity: -1 }, {}, "#/data/quantity"],
      ["a negative quantity in digits", { quantity: "-1" }, {}, "#/data/quantity"],
      ["a fractional quantity", { quantity: 1.5 }, {}, "#/data/quantity"],
      ["a fractional quantity in digits", { quantity: "1.5" }, {}, "#/data/quantity"],
      ["an enormous quantity", { quantity: 1e300 }, {}, "#/data/quantity"],
      ["a number that JSON cannot keep", { quantity: 2 ** 53 }, {}, "#/data/quantity"],
      ["64 bits of quantity", { quantity: `${2n ** 63n}` }, {}, "#/data/quantity"],
      ["a thousand digits", { quantity: "9".repeat(1_000) }, {}, "#/data/quantity"],
      ["an exponent", { quantity: "1e3" }, {}, "#/data/quantity"],
      ["no quantity", { quantity: undefined }, {}, "#/data/quantity"],
      ["a quantity that is a truth value", { quantity: true }, {}, "#/data/quantity"],
      ["a quantity that is a list", { quantity: [1] }, {}, "#/data/quantity"],
      ["a meter that is a number", { meter: 7 }, {}, "#/data/meter"],
      ["a meter in capitals", { meter: "GPU" }, {}, "#/data/meter"],
      ["a dimension that is a number", { dimensions: { gpu: 1 } }, {}, "#/data/dimensions/gpu"],
      [
        "a dimension with a line break",
        { dimensions: { gpu: "a\nb" } },
        {},
        "#/data/dimensions/gpu",
      ],
      [
        "17 dimensions",
        { dimensions: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`d${n}`, "x"])) },
        {},
        "#/data/dimensions",
      ],
      ["an unknown field in the data", { price: 0 }, {}, "#/data"],
      [
        "an attribute with capitals",
        {},
        { dataContentType: "application/json" },
        "#/dataContentType",
      ],
      ["no data", {}, { data: undefined }, "#/data"],
      ["another CloudEvents version", {}, { specversion: "0.3" }, "#/specversion"],
      ["another type of event", {}, { type: "usage" }, "#/type"],
      ["no id", {}, { id: undefined }, "#/id"],
      ["an id with a space", {}, { id: "a b" }, "#/id"],
      ["an id of 129 characters", {}, { id: "x".repeat(129) }, "#/id"],
      ["a time without its zone", {}, { time: "2026-01-31T12:00:00" }, "#/time"],
      ["a day that does not exist", {}, { time: "2026-02-30T12:00:00Z" }, "#/time"],
      ["a time that is a number", {}, { time: 1_700_000_000 }, "#/time"],
      ["a spender that is no address", {}, { subject: "alice" }, "#/subject"],
      ["a source with a wrong checksum", {}, { source: `0xA${"a".repeat(39)}` }, "#/source"],
    ];
    for (const [what, data, event, pointer] of fields) {
      it(`refuses ${what}, and points at it`, async () => {
        const { document } = await api.refuses(
          () => api.report(cloudEvent(api.spender, data, event)),
          400,
          "invalid_event",
        );
        expect(pointersOf(problemOf(document))).to.include(pointer);
      });
    }

    for (const body of ["null", "42", '"text"', "{}", "true", ""]) {
      it(`refuses ${body === "" ? "no body" : body} for an event`, async () => {
        await api.refuses(() => api.report(body), 400, "invalid_event");
      });
    }

    for (const body of ["{", '{"a":1,}', "[1", "\u0000", "undefined"]) {
      it(`refuses ${JSON.stringify(body)}, which is not JSON`, async () => {
        await api.refuses(() => api.report(body), 400, "malformed_json");
      });
    }

    const refusals: readonly (readonly [string, object, object, number, string])[] = [
      ["an unknown meter", { meter: "magic" }, {}, 422, "unknown_meter"],
      [
        "dimensions without a rate",
        { meter: "gpu.seconds", dimensions: { gpu: "abacus" } },
        {},
        422,
        "no_matching_rate",
      ],
      ["more than can exist", { quantity: `${2n ** 63n - 1n}` }, {}, 422, "quantity_too_large"],
      ["an event of last year", {}, { time: "2020-01-01T00:00:00Z" }, 422, "event_too_old"],
      ["an event of next year", {}, { time: "2999-01-01T00:00:00Z" }, 422, "event_in_future"],
      ["work of another", {}, { source: addressOf(bob) }, 403, "source_mismatch"],
      [
        "a spender that nobody gave anything",
        {},
        { subject: pad("0x77", { size: 32 }) },
        403,
        "access_not_granted",
      ],
    ];
    for (const [what, data, event, status, reason] of refusals) {
      it(`refuses ${what}`, async () => {
        await api.refuses(() => api.report(cloudEvent(api.spender, data, event)), status, reason);
      });
    }

    it("refuses a known id with another payload", async () => {
      const event = cloudEvent(api.spender);
      expect((await api.report(event)).status).to.equal(201);
      const other = { ...event, data: { meter: "requests", quantity: 2 } };
      await api.refuses(() => api.report(other), 409, "event_id_conflict");
    });

    it("refuses an account without credits with what is missing, and how to get it", async () => {
      const { document } = await api.refuses(
        () => api.report(cloudEvent(api.poorSpender, { quantity: 3 })),
        402,
        "insufficient_credits",
      );
      expect(document).to.deep.include({
        account: addressOf(bob),
        neededMicros: "30000",
        availableMicros: "0",
        missingMicros: "30000",
        chainId: 31_337,
        contract: api.stack.contract.toLowerCase(),
      });
      expect(document["detail"]).to.include("buy(account, creditMicros)");
    });

    it("refuses what an allowance, or the owner's cap, does not hold", async () => {
      const { spent } = await api.stack.context.accounts.balance(addressOf(alice));
      const [limited, capped] = [
        await api.newSpender(await api.stack.sign(alice, { limitMicros: 9_999n })),
        await api.newSpender(await api.stack.sign(alice, { accountCapMicros: spent + 9_999n })),
      ];
      for (const [subject, reason] of [
        [limited, "allowance_exhausted"],
        [capped, "account_cap_reached"],
      ] as const) {
        const { document } = await api.refuses(() => api.report(cloudEvent(subject)), 402, reason);
        expect(document).to.include({ availableMicros: "9999", missingMicros: "1", buy: null });
      }
    });

    it("refuses a provider that has no access, or is out of scope", async () => {
      const [noAccess, otherMeter, otherProvider] = [
        await api.newSpender(await api.stack.sign(alice), { access: false }),
        await api.newSpender(
          await api.stack.sign(alice, { scope: { providers: [], meters: ["cpu.seconds"] } }),
        ),
        await api.newSpender(
          await api.stack.sign(alice, { scope: { providers: [addressOf(bob)], meters: [] } }),
        ),
      ];
      await api.refuses(() => api.report(cloudEvent(noAccess)), 403, "access_not_granted");
      await api.refuses(() => api.report(cloudEvent(otherMeter)), 403, "allowance_out_of_scope");
      await api.refuses(() => api.report(cloudEvent(otherProvider)), 403, "allowance_out_of_scope");
    });

    it("refuses an allowance that has not begun, or is over", async () => {
      const future = await api.newSpender(await api.stack.sign(alice, { startsAt: LAST_SECOND }));
      await api.refuses(() => api.report(cloudEvent(future)), 403, "allowance_not_started");

      // Taken in as if it had been sent before it expired.
      const over = await api.newSpender(await api.stack.sign(alice, { expiresAt: 1n }));
      await api.refuses(() => api.report(cloudEvent(over)), 403, "allowance_expired");
    });

    it("refuses an allowance that its owner revoked, and nobody else can revoke it", async () => {
      const signed = await api.stack.sign(alice);
      const { document } = await api.postAllowance(signed);
      const id = hexOf(document["id"]);
      const subject = await api.newSpender(signed);
      const path = `/v1/allowances/${id}/revocation`;

      const forged = await signRevocation(api.stack.as(bob).wallet, api.stack.deployment, id);
      await api.refuses(
        () => api.stack.request(path, { body: { signature: forged } }),
        403,
        "invalid_signature",
      );
      expect((await api.report(cloudEvent(subject))).status).to.equal(201);

      const signature = await signRevocation(api.stack.as(alice).wallet, api.stack.deployment, id);
      const revoked = await api.stack.request(path, { body: { signature } });
      expect(revoked.status).to.equal(200);
      expect(revoked.document["revokedAt"]).to.be.a("string");
      await api.refuses(() => api.report(cloudEvent(subject)), 403, "allowance_revoked");
      expect((await api.stack.request(path, { body: { signature } })).document).to.deep.equal(
        revoked.document,
      );
      // Sent again, it stays revoked.
      await api.newSpender(signed);
      await api.refuses(() => api.report(cloudEvent(subject)), 403, "allowance_revoked");
    });

    for (const [what, key, reason] of [
      ["without a key", undefined, "missing_credentials"],
      ["with a key that nobody registered", createApiKey(), "unknown_key"],
      ["with two keys", "one two", "missing_credentials"],
    ] as const) {
      it(`refuses a report ${what}`, async () => {
        const { headers } = await api.refuses(
          () =>
            api.stack.request("/v1/usage", {
              body: cloudEvent(api.spender),
              ...(key === undefined ? {} : { key }),
            }),
          401,
          reason,
        );
        expect(headers.get("www-authenticate")).to.equal("Bearer");
      });
    }

    it("refuses more events than a batch may have, and more bytes than a body", async () => {
      const { document } = await api.refuses(
        () => api.report(Array(5_001).fill(0)),
        413,
        "batch_too_large",
      );
      expect(document["maxBatchEvents"]).to.equal(5_000);
      await api.refuses(
        () => api.report(`"${"x".repeat(8 * 1_024 * 1_024)}"`),
        413,
        "body_too_large",
      );
    });

    it("refuses a body of another type", async () => {
      await api.refuses(
        () =>
          api.stack.request("/v1/usage", {
            body: JSON.stringify(cloudEvent(api.spender)),
            key: api.providerKey,
            headers: { "content-type": "text/plain" },
          }),
        415,
        "unsupported_media_type",
      );
    });

    it("takes the content types of CloudEvents", async () => {
      for (const type of [
        "application/cloudevents+json; charset=utf-8",
        "application/cloudevents-batch+json",
      ]) {
        const { status } = await api.stack.request("/v1/usage", {
          body: JSON.stringify([cloudEvent(api.spender)]),
          key: api.providerKey,
          headers: { "content-type": type },
        });
        expect(status).to.equal(200);
      }
    });
  });
}

/** Each outcome's id, and its cost or the reason for its refusal. */
function outcomesOf(document: Readonly<Record<string, unknown>>): unknown[] {
  return listOf(document["outcomes"]).map((outcome) => [
    outcome["id"],
    outcome["result"] === "debited" ? outcome["costMicros"] : problemOf(outcome)["reason"],
  ]);
}

function outcomeId(document: Readonly<Record<string, unknown>>, index: number): unknown {
  return listOf(document["outcomes"])[index]?.["id"];
}

function problemOf(outcome: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { problem } = outcome;
  return typeof problem === "object" && problem !== null ? { ...problem } : { ...outcome };
}
