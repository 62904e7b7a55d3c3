import { expect } from "chai";
import { type Hex, concat, maxUint64, numberToHex, pad, slice } from "viem";
import { hardhat } from "viem/chains";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { settleRow } from "@compute-credits/client/chain/credits";
import { createMeteringClient } from "@compute-credits/client/http/meteringClient";
import {
  type SignedAllowance,
  signRevocation,
} from "@compute-credits/client/wallet/signedAllowance";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { providerAccessTypedData } from "@compute-credits/protocol/messages/providerAccess";
import { providerAccessRevocationTypedData } from "@compute-credits/protocol/messages/providerAccessRevocation";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { providerKeyRevocationTypedData } from "@compute-credits/protocol/messages/providerKeyRevocation";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import { eventually } from "../../scripts/local/eventually.ts";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { type Answer, expectProblem } from "../fixtures/http.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  stackKinds,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";

const { alice, bob, provider, operator } = wallets;

/** secp256k1's order: with it, a signature can be written a second way. */
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

for (const kind of stackKinds) {
  describe(`HTTP API on ${kind}`, () => {
    let stack: MeteredStack;
    let providerKey: string;
    /** good for everything, of an account with 100 credits */
    let spender: Hex;
    /** good for everything, of an account without a credit */
    let poorSpender: Hex;

    before(async () => {
      stack = await startMeteredStack(kind);
      providerKey = await stack.registerProvider(provider);
      await stack.buyAndWait(alice, parseCredits("100"));
      spender = await newSpender(await stack.sign(alice));
      poorSpender = await newSpender(await stack.sign(bob));
    });
    after(() => stack.stop());

    const report = (body: unknown, key: string = providerKey) =>
      stack.request("/v1/usage", { body, key });

    const postAllowance = (body: unknown) => stack.request("/v1/allowances", { body });

    /** Sends an allowance and lets the provider bill it. */
    async function newSpender(signed: SignedAllowance, { access = true } = {}): Promise<Hex> {
      const { status, document } = await postAllowance(signed);
      expect(status, JSON.stringify(document)).to.equal(201);
      const subject = signed.allowance.spender;
      if (access) {
        await stack.context.providers.grantAccess({
          spender: subject,
          provider: addressOf(provider),
        });
      }
      return subject;
    }

    /** That `attempt` is refused for the reason, and that no balance is another than before. */
    async function refuses(
      attempt: () => Promise<Answer>,
      status: number,
      reason: string,
    ): Promise<Answer> {
      const before = await stack.balances();
      const answer = await attempt();
      expectProblem(answer, status, reason);
      expect(await stack.balances()).to.deep.equal(before);
      return answer;
    }

    describe("POST /v1/usage", () => {
      it("debits an event once: 201, then 200 with the first outcome", async () => {
        const before = (await stack.context.accounts.balance(addressOf(alice))).spent;
        const event = cloudEvent(spender);
        const [first, second] = [await report(event), await report(event)];

        expect([first.status, second.status]).to.deep.equal([201, 200]);
        expect(first.document).to.deep.include({
          id: event.id,
          result: "debited",
          costMicros: "10000",
          rateCardVersion: 1,
          repeated: false,
        });
        expect(second.document).to.deep.equal({ ...first.document, repeated: true });
        const { spent } = await stack.context.accounts.balance(addressOf(alice));
        expect(spent - before).to.equal(10_000n);
      });

      it("charges only the good events of a batch, and answers each in its place", async () => {
        const [before] = await stack.balances();
        const good = cloudEvent(spender);
        const last = cloudEvent(spender, { quantity: "3" });
        const { status, document } = await report([
          good,
          { ...good, data: { meter: "requests", quantity: 2 } },
          null,
          cloudEvent(spender, { quantity: -1 }, { id: "negative" }),
          cloudEvent(spender, { meter: "magic" }),
          cloudEvent(poorSpender),
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
        const [after] = await stack.balances();
        expect((after?.spent ?? 0n) - (before?.spent ?? 0n)).to.equal(40_000n);
      });

      it("takes an empty batch, and a wallet's address as the spender", async () => {
        expect((await report([])).document).to.deep.equal({
          outcomes: [],
          debited: 0,
          refused: 0,
        });
        const signed = await stack.sign(alice, { spender: walletSpender(bob.account.address) });
        await newSpender(signed);
        expect((await report(cloudEvent(bob.account.address))).status).to.equal(201);
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
        ["an unknown field", {}, { amount: 1 }, "#/"],
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
          const { document } = await refuses(
            () => report(cloudEvent(spender, data, event)),
            400,
            "invalid_event",
          );
          expect(pointersOf(problemOf(document))).to.include(pointer);
        });
      }

      for (const body of ["null", "42", '"text"', "{}", "true", ""]) {
        it(`refuses ${body === "" ? "no body" : body} for an event`, async () => {
          await refuses(() => report(body), 400, "invalid_event");
        });
      }

      for (const body of ["{", '{"a":1,}', "[1", "\u0000", "undefined"]) {
        it(`refuses ${JSON.stringify(body)}, which is not JSON`, async () => {
          await refuses(() => report(body), 400, "malformed_json");
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
          "allowance_not_found",
        ],
      ];
      for (const [what, data, event, status, reason] of refusals) {
        it(`refuses ${what}`, async () => {
          await refuses(() => report(cloudEvent(spender, data, event)), status, reason);
        });
      }

      it("refuses a known id with another payload", async () => {
        const event = cloudEvent(spender);
        expect((await report(event)).status).to.equal(201);
        const other = { ...event, data: { meter: "requests", quantity: 2 } };
        await refuses(() => report(other), 409, "event_id_conflict");
      });

      it("refuses an account without credits with what is missing, and how to get it", async () => {
        const { document } = await refuses(
          () => report(cloudEvent(poorSpender, { quantity: 3 })),
          402,
          "insufficient_credits",
        );
        expect(document).to.deep.include({
          account: addressOf(bob),
          neededMicros: "30000",
          availableMicros: "0",
          missingMicros: "30000",
          chainId: 31_337,
          contract: stack.contract.toLowerCase(),
        });
        expect(document["detail"]).to.include("buy(account, creditMicros)");
      });

      it("refuses what an allowance, or the owner's cap, does not hold", async () => {
        const { spent } = await stack.context.accounts.balance(addressOf(alice));
        const [limited, capped] = [
          await newSpender(await stack.sign(alice, { limitMicros: 9_999n })),
          await newSpender(await stack.sign(alice, { accountCapMicros: spent + 9_999n })),
        ];
        for (const [subject, reason] of [
          [limited, "allowance_exhausted"],
          [capped, "account_cap_reached"],
        ] as const) {
          const { document } = await refuses(() => report(cloudEvent(subject)), 402, reason);
          expect(document).to.include({ availableMicros: "9999", missingMicros: "1" });
        }
      });

      it("refuses a provider that has no access, or is out of scope", async () => {
        const [noAccess, otherMeter, otherProvider] = [
          await newSpender(await stack.sign(alice), { access: false }),
          await newSpender(
            await stack.sign(alice, { scope: { providers: [], meters: ["cpu.seconds"] } }),
          ),
          await newSpender(
            await stack.sign(alice, { scope: { providers: [addressOf(bob)], meters: [] } }),
          ),
        ];
        await refuses(() => report(cloudEvent(noAccess)), 403, "access_not_granted");
        await refuses(() => report(cloudEvent(otherMeter)), 403, "allowance_out_of_scope");
        await refuses(() => report(cloudEvent(otherProvider)), 403, "allowance_out_of_scope");
      });

      it("refuses an allowance that has not begun, or is over", async () => {
        const future = await newSpender(await stack.sign(alice, { startsAt: maxUint64 }));
        await refuses(() => report(cloudEvent(future)), 403, "allowance_not_started");

        // Taken in as if it had been sent before it expired.
        const { allowance, scope, signature } = await stack.sign(alice, { expiresAt: 1n });
        const id = numberToHex(1, { size: 32 });
        await stack.context.allowances.add({ id, message: allowance, scope, signature });
        await refuses(() => report(cloudEvent(allowance.spender)), 403, "allowance_expired");
      });

      it("refuses an allowance that its owner revoked, and nobody else can revoke it", async () => {
        const signed = await stack.sign(alice);
        const { document } = await postAllowance(signed);
        const id = hexOf(document["id"]);
        const subject = await newSpender(signed);
        const path = `/v1/allowances/${id}/revocation`;

        const forged = await signRevocation(stack.as(bob).wallet, stack.deployment, id);
        await refuses(
          () => stack.request(path, { body: { signature: forged } }),
          403,
          "invalid_signature",
        );
        expect((await report(cloudEvent(subject))).status).to.equal(201);

        const signature = await signRevocation(stack.as(alice).wallet, stack.deployment, id);
        const revoked = await stack.request(path, { body: { signature } });
        expect(revoked.status).to.equal(200);
        expect(revoked.document["revokedAt"]).to.be.a("string");
        await refuses(() => report(cloudEvent(subject)), 403, "allowance_revoked");
        expect((await stack.request(path, { body: { signature } })).document).to.deep.equal(
          revoked.document,
        );
        // Sent again, it stays revoked.
        await newSpender(signed);
        await refuses(() => report(cloudEvent(subject)), 403, "allowance_revoked");
      });

      for (const [what, key, reason] of [
        ["without a key", undefined, "missing_credentials"],
        ["with a key that nobody registered", createApiKey(), "unknown_key"],
        ["with two keys", "one two", "missing_credentials"],
      ] as const) {
        it(`refuses a report ${what}`, async () => {
          const { headers } = await refuses(
            () =>
              stack.request("/v1/usage", {
                body: cloudEvent(spender),
                ...(key === undefined ? {} : { key }),
              }),
            401,
            reason,
          );
          expect(headers.get("www-authenticate")).to.equal("Bearer");
        });
      }

      it("refuses more events than a batch may have, and more bytes than a body", async () => {
        const { document } = await refuses(
          () => report(Array(5_001).fill(0)),
          413,
          "batch_too_large",
        );
        expect(document["maxBatchEvents"]).to.equal(5_000);
        await refuses(() => report(`"${"x".repeat(8 * 1_024 * 1_024)}"`), 413, "body_too_large");
      });

      it("refuses a body of another type", async () => {
        await refuses(
          () =>
            stack.request("/v1/usage", {
              body: JSON.stringify(cloudEvent(spender)),
              key: providerKey,
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
          const { status } = await stack.request("/v1/usage", {
            body: JSON.stringify([cloudEvent(spender)]),
            key: providerKey,
            headers: { "content-type": type },
          });
          expect(status).to.equal(200);
        }
      });
    });

    describe("POST /v1/allowances", () => {
      it("takes an allowance once: sent again, it is the same", async () => {
        const signed = await stack.sign(alice, { limitMicros: 50_000n });
        const first = await postAllowance(signed);
        await newSpender(signed);
        await report(cloudEvent(signed.allowance.spender));
        const second = await postAllowance(signed);

        expect([first.status, second.status]).to.deep.equal([201, 201]);
        expect(first.document).to.include({ spentMicros: "0", remainingMicros: "50000" });
        expect(second.document).to.deep.equal({
          ...first.document,
          spentMicros: "10000",
          remainingMicros: "40000",
        });
        const shown = await stack.request(`/v1/allowances/${hexOf(first.document["id"])}`);
        expect(shown.document).to.deep.equal(second.document);
      });

      it("refuses a signature of another wallet, chain, contract or content", async () => {
        const { chainId, contract } = stack.deployment;
        const good = await stack.sign(alice);
        const forged = await stack.sign(bob);
        const cases: readonly SignedAllowance[] = [
          { ...good, signature: forged.signature },
          { ...forged, allowance: { ...forged.allowance, account: addressOf(alice) } },
          await stack.sign(alice, {}, { chainId: 1, contract }),
          await stack.sign(alice, {}, { chainId, contract: stack.token }),
          { ...good, allowance: { ...good.allowance, limit: 1n } },
          { ...good, allowance: { ...good.allowance, salt: 1n } },
        ];
        for (const body of cases) {
          await refuses(() => postAllowance(body), 403, "invalid_signature");
        }
      });

      it("refuses a signature that is none, or written another way than the contract takes", async () => {
        const good = await stack.sign(alice);
        const { signature } = good;
        const s = BigInt(slice(signature, 32, 64));
        const flipped = slice(signature, 64) === "0x1b" ? "0x1c" : "0x1b";
        for (const other of [
          "0x00",
          pad("0x00", { size: 65 }),
          slice(signature, 0, 64),
          concat([signature, "0x00"]),
          concat([slice(signature, 0, 32), numberToHex(CURVE_ORDER - s, { size: 32 }), flipped]),
          concat([slice(signature, 0, 64), slice(signature, 64) === "0x1b" ? "0x00" : "0x01"]),
          pad("0x", { size: 8_192 }),
        ]) {
          await refuses(
            () => postAllowance({ ...good, signature: other }),
            403,
            "invalid_signature",
          );
        }
      });

      it("refuses one that has expired, or whose scope is not the one signed", async () => {
        const expired = await stack.sign(alice, { expiresAt: 1n });
        await refuses(() => postAllowance(expired), 422, "allowance_expired");
        const scoped = await stack.sign(alice, { scope: { providers: [], meters: ["requests"] } });
        const widened = { ...scoped, scope: { providers: [], meters: [] } };
        await refuses(() => postAllowance(widened), 422, "scope_mismatch");
        await refuses(() => postAllowance({ ...scoped, scope: undefined }), 422, "scope_mismatch");
      });

      const wrongFields: readonly (readonly [string, object, string])[] = [
        ["a negative limit", { limit: -1 }, "#/allowance/limit"],
        ["a fractional limit", { limit: 0.5 }, "#/allowance/limit"],
        ["a limit of 65 bits", { limit: `${2n ** 64n}` }, "#/allowance/limit"],
        ["a priority of 9 bits", { priority: 256 }, "#/allowance/priority"],
        ["a salt of 257 bits", { salt: `${2n ** 256n}` }, "#/allowance/salt"],
        ["an account that is none", { account: "0x12" }, "#/allowance/account"],
        ["a spender of 31 bytes", { spender: pad("0x1", { size: 31 }) }, "#/allowance/spender"],
        ["no counter", { counter: undefined }, "#/allowance/counter"],
        ["a field that was not signed", { note: "hello" }, "#/allowance"],
      ];
      for (const [what, wrong, pointer] of wrongFields) {
        it(`refuses ${what}, and points at it`, async () => {
          const good = await stack.sign(alice);
          const body = { ...good, allowance: { ...good.allowance, ...wrong } };
          const { document } = await refuses(() => postAllowance(body), 400, "invalid_request");
          expect(pointersOf(document)).to.include(pointer);
        });
      }

      it("refuses a body with a field that it does not know", async () => {
        const good = await stack.sign(alice);
        await refuses(() => postAllowance({ ...good, extra: 1 }), 400, "invalid_request");
        await refuses(() => postAllowance({ ...good, signature: "0x123" }), 400, "invalid_request");
        await refuses(() => postAllowance([good]), 400, "invalid_request");
        await refuses(() => postAllowance("null"), 400, "invalid_request");
      });
    });

    describe("provider keys and access", () => {
      it("take a key once, and for its owner only", async () => {
        const message = { provider: addressOf(provider), keyHash: apiKeySpender(createApiKey()) };
        const typedData = providerKeyTypedData(stack.deployment, message);
        const [good, forged] = [
          await provider.account.signTypedData(typedData),
          await bob.account.signTypedData(typedData),
        ];
        const post = (body: object) => stack.request("/v1/provider-keys", { body });

        await refuses(() => post({ ...message, signature: forged }), 403, "invalid_signature");
        expect((await post({ ...message, signature: good })).status).to.equal(201);
        expect((await post({ ...message, signature: good })).status).to.equal(201);

        const taken = { provider: addressOf(bob), keyHash: message.keyHash };
        const signature = await bob.account.signTypedData(
          providerKeyTypedData(stack.deployment, taken),
        );
        await refuses(() => post({ ...taken, signature }), 409, "key_taken");
      });

      it("give access for the API key itself, or for the wallet's signature", async () => {
        const post = (body: object, key: string = providerKey) =>
          stack.request("/v1/provider-access", { body, key });
        const apiKey = createApiKey();
        await newSpender(await stack.sign(alice, { spender: apiKeySpender(apiKey) }), {
          access: false,
        });
        const event = cloudEvent(apiKeySpender(apiKey));
        await refuses(() => report(event), 403, "access_not_granted");
        expect((await post({ apiKey })).status).to.equal(201);
        expect((await report(event)).status).to.equal(201);

        const message = { spender: addressOf(operator), provider: addressOf(provider) };
        const typedData = providerAccessTypedData(stack.deployment, message);
        const byOther = await bob.account.signTypedData(typedData);
        const body = { spender: message.spender, signature: byOther };
        await refuses(() => post(body), 403, "invalid_signature");
        const signature = await operator.account.signTypedData(typedData);
        expect((await post({ ...body, signature })).status).to.equal(201);

        await refuses(() => post({ apiKey: "short" }), 400, "invalid_request");
        await refuses(() => post({ apiKey, ...body }), 400, "invalid_request");
        await refuses(() => post({ apiKey }, createApiKey()), 401, "unknown_key");
      });

      it("end a provider's key for good, by its wallet's signature", async () => {
        const key = await stack.registerProvider(provider);
        const message = { provider: addressOf(provider), keyHash: apiKeySpender(key) };
        const typedData = providerKeyRevocationTypedData(stack.deployment, message);
        const [good, forged] = [
          await provider.account.signTypedData(typedData),
          await bob.account.signTypedData(typedData),
        ];
        const revoke = (body: object) =>
          stack.request(`/v1/provider-keys/${message.keyHash}/revocation`, { body });
        expect((await report([], key)).status).to.equal(200);
        const { provider: address } = message;
        await refuses(
          () => revoke({ provider: address, signature: forged }),
          403,
          "invalid_signature",
        );
        const ofBob = { provider: addressOf(bob), keyHash: message.keyHash };
        const byBob = await bob.account.signTypedData(
          providerKeyRevocationTypedData(stack.deployment, ofBob),
        );
        const notHis = { provider: addressOf(bob), signature: byBob };
        await refuses(() => revoke(notHis), 404, "key_not_found");
        expect((await report([], key)).status).to.equal(200);

        const first = await revoke({ provider: address, signature: good });
        expect(first.status).to.equal(200);
        const again = await revoke({ provider: address, signature: good });
        expect(again.document).to.deep.equal(first.document);
        await refuses(() => report(cloudEvent(spender), key), 401, "unknown_key");

        // The signature that registered it is still good, and does not bring it back.
        const registration = await provider.account.signTypedData(
          providerKeyTypedData(stack.deployment, message),
        );
        const body = { ...message, signature: registration };
        await refuses(() => stack.request("/v1/provider-keys", { body }), 409, "key_revoked");
      });

      it("end a provider's access for good, by the spender's key or its wallet's signature", async () => {
        const address = addressOf(provider);
        const revoke = (body: object) =>
          stack.request("/v1/provider-access/revocation", { body: { provider: address, ...body } });
        const claim = (body: object) =>
          stack.request("/v1/provider-access", { body, key: providerKey });

        const apiKey = createApiKey();
        await newSpender(await stack.sign(alice, { spender: apiKeySpender(apiKey) }));
        const event = () => cloudEvent(apiKeySpender(apiKey));
        expect((await report(event())).status).to.equal(201);
        await refuses(() => revoke({ apiKey: createApiKey() }), 404, "access_not_found");
        expect((await revoke({ apiKey })).status).to.equal(200);
        await refuses(() => report(event()), 403, "access_not_granted");
        await refuses(() => claim({ apiKey }), 403, "access_revoked");
        const hold = { id: "h", meter: "requests", quantity: 1, dimensions: {}, ttlSeconds: 60 };
        const body = { ...hold, apiKey };
        await refuses(
          () => stack.request("/v1/holds", { body, key: providerKey }),
          403,
          "access_revoked",
        );

        const message = { spender: addressOf(alice), provider: address };
        await newSpender(await stack.sign(alice, { spender: walletSpender(message.spender) }));
        const given = await alice.account.signTypedData(
          providerAccessTypedData(stack.deployment, message),
        );
        // What gives access does not take it.
        const wallet = { spender: message.spender };
        await refuses(() => revoke({ ...wallet, signature: given }), 403, "invalid_signature");
        expect((await report(cloudEvent(message.spender))).status).to.equal(201);
        const taken = await alice.account.signTypedData(
          providerAccessRevocationTypedData(stack.deployment, message),
        );
        expect((await revoke({ ...wallet, signature: taken })).status).to.equal(200);
        await refuses(() => report(cloudEvent(message.spender)), 403, "access_not_granted");
        await refuses(() => claim({ ...wallet, signature: given }), 403, "access_revoked");

        // An allowance that names the provider is a new word of its owner.
        const scope = { providers: [address], meters: [] };
        await newSpender(
          await stack.sign(alice, { spender: walletSpender(message.spender), scope }),
          { access: false },
        );
        expect((await report(cloudEvent(message.spender))).status).to.equal(201);
      });
    });

    describe("what is read", () => {
      const wrongRequests: readonly (readonly [string, string, number, string])[] = [
        ["GET", "/v1/nothing", 404, "route_not_found"],
        ["GET", "/", 404, "route_not_found"],
        ["DELETE", "/v1/usage", 404, "route_not_found"],
        ["GET", "/v1/accounts/alice", 400, "invalid_request"],
        ["GET", "/v1/accounts/%E0%A4%A", 400, "unreadable_request"],
        ["GET", `/v1/accounts/${pad("0x1", { size: 20 })}/proof`, 404, "row_not_found"],
        ["GET", "/v1/allowances/0x12", 400, "invalid_request"],
        ["GET", `/v1/allowances/${pad("0x1", { size: 32 })}9`, 400, "invalid_request"],
        ["GET", `/v1/allowances/${pad("0x2", { size: 32 })}`, 404, "allowance_not_found"],
        ["GET", "/v1/checkpoints/0", 400, "invalid_request"],
        ["GET", "/v1/checkpoints/-1", 400, "invalid_request"],
        ["GET", "/v1/checkpoints/99999999999999999999", 400, "invalid_request"],
        ["GET", "/v1/checkpoints/999", 404, "checkpoint_not_found"],
        ["GET", "/v1/checkpoints/999/rows", 404, "checkpoint_not_found"],
        ["GET", "/v1/checkpoints?limit=0", 400, "invalid_request"],
        ["GET", "/v1/checkpoints?limit=101", 400, "invalid_request"],
        ["GET", "/v1/checkpoints?cursor=a", 400, "invalid_request"],
        ["GET", "/v1/checkpoints?page=2", 400, "invalid_request"],
        ["GET", "/v1/checkpoints?limit=1&limit=2", 400, "invalid_request"],
      ];
      for (const [method, path, status, reason] of wrongRequests) {
        it(`answers ${method} ${path} with ${status} ${reason}`, async () => {
          await refuses(() => stack.request(path, { method }), status, reason);
        });
      }

      it("is zeros for an address that was never heard of", async () => {
        const { status, document } = await stack.request(
          `/v1/accounts/${pad("0x5", { size: 20 })}`,
        );
        expect(status).to.equal(200);
        expect(document).to.include({
          purchasedMicros: "0",
          spentMicros: "0",
          availableMicros: "0",
          earnedMicros: "0",
          counter: "0",
        });
      });

      it("tells the deployment, the prices and its health", async () => {
        const deployment = await stack.request("/v1/deployment");
        expect(deployment.document["domain"]).to.deep.equal({
          name: "ComputeCredits",
          version: "1",
          chainId: 31_337,
          verifyingContract: stack.contract.toLowerCase(),
        });
        const { document } = await stack.request("/v1/rate-cards");
        expect(document["rateCards"]).to.be.an("array").with.length(1);

        expect(await stack.request("/healthz")).to.deep.include({
          status: 200,
          document: { status: "alive" },
        });
        const ready = await eventually("readiness", async () => {
          const answer = await stack.request("/readyz");
          return answer.status === 200 && answer;
        });
        expect(ready.document).to.deep.equal({
          status: "ready",
          checks: ["database", "indexer", "expiry", "settler", "watch"].map((name) => ({
            name,
            error: null,
          })),
        });
      });

      it("proves a party's row, and the contract settles it", async () => {
        await report(cloudEvent(spender));
        const metering = createMeteringClient(stack.server.url);
        const { spent } = await stack.context.accounts.balance(addressOf(alice));
        const proven = await eventually("a final checkpoint", async () => {
          const [newest] = await stack.context.checkpoints.list({ before: null, limit: 1 });
          if (newest?.status === "pending") {
            await stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
          }
          const proof = await metering.proof(addressOf(alice)).catch(() => null);
          return proof !== null && proof.row.spent === spent && proof;
        });

        await settleRow(stack.as(bob), proven);
        const [, spentOnChain] = await stack.client.readContract({
          address: stack.contract,
          abi: computeCreditsAbi,
          functionName: "party",
          args: [addressOf(alice)],
        });
        expect(spentOnChain).to.equal(spent);
        const { document } = await stack.request(`/v1/checkpoints/${proven.epoch}/rows`);
        expect(document).to.include({ status: "final" });
        expect(document["rows"]).to.deep.include({
          party: addressOf(alice),
          spent: `${spent}`,
          refunded: "0",
          earned: "0",
        });
      });
    });

    describe("a counter raised on chain", () => {
      it("voids what was signed before, and refuses it when it is sent again", async () => {
        const old = await stack.sign(bob);
        const subject = await newSpender(old);
        await stack.client.waitForTransactionReceipt({
          hash: await stack.as(bob).wallet.writeContract({
            address: stack.contract,
            abi: computeCreditsAbi,
            functionName: "revokeAll",
            account: bob.account,
            chain: hardhat,
          }),
        });
        const { allowances } = stack.context;
        await eventually(
          "the raised counter",
          async () => (await allowances.counterOf(addressOf(bob))) === old.allowance.counter + 1n,
        );

        await refuses(() => report(cloudEvent(subject)), 403, "allowance_revoked");
        const stale = await refuses(() => postAllowance(old), 409, "stale_counter");
        expect(stale.document["currentCounter"]).to.equal(`${old.allowance.counter + 1n}`);
        const early = await stack.sign(bob, { counter: old.allowance.counter + 2n });
        await refuses(() => postAllowance(early), 409, "counter_not_reached");
        expect((await postAllowance(await stack.sign(bob))).status).to.equal(201);
      });
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

function pointersOf(problem: Readonly<Record<string, unknown>>): unknown[] {
  return listOf(problem["errors"]).map((error) => error["pointer"]);
}

function listOf(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) throw new Error("not a list");
  return value.map((item: object) => ({ ...item }));
}

function hexOf(value: unknown): Hex {
  if (typeof value !== "string" || !value.startsWith("0x")) throw new Error("not hex");
  return `0x${value.slice(2)}`;
}
