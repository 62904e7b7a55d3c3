import { expect } from "chai";
import { slice, pad, concat, numberToHex } from "viem";
import { hardhat } from "viem/chains";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import type { SignedAllowance } from "@compute-credits/client/wallet/signedAllowance";
import { eventually } from "../../../../scripts/local/eventually.ts";
import { wallets } from "../../../../scripts/local/wallets.ts";
import { type HttpApi, openHttpApi, hexOf, pointersOf } from "../../../fixtures/httpApi.ts";
import { stackKinds, cloudEvent, addressOf } from "../../../fixtures/meteredStack.ts";

const { alice, bob } = wallets;

/** secp256k1's order, with which a signature can be written a second way. */
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

for (const kind of stackKinds) {
  describe(`POST /v1/allowances on ${kind}`, () => {
    let api: HttpApi;

    before(async () => {
      api = await openHttpApi(kind);
    });
    after(() => api.stop());

    it("takes an allowance once: sent again, it is the same", async () => {
      const signed = await api.stack.sign(alice, { limitMicros: 50_000n });
      const first = await api.postAllowance(signed);
      await api.newSpender(signed);
      await api.report(cloudEvent(signed.allowance.spender));
      const second = await api.postAllowance(signed);

      expect([first.status, second.status]).to.deep.equal([201, 201]);
      expect(first.document).to.include({ spentMicros: "0", remainingMicros: "50000" });
      expect(second.document).to.deep.equal({
        ...first.document,
        // `newSpender` accepted it.
        accepted: true,
        spentMicros: "10000",
        remainingMicros: "40000",
      });
      const shown = await api.stack.readAll(`/v1/allowances/${hexOf(first.document["id"])}`);
      expect(shown.document).to.deep.equal(second.document);
    });

    it("refuses a signature of another wallet, chain, contract or content", async () => {
      const { chainId, contract } = api.stack.deployment;
      const good = await api.stack.sign(alice);
      const forged = await api.stack.sign(bob);
      const cases: readonly SignedAllowance[] = [
        { ...good, signature: forged.signature },
        { ...forged, allowance: { ...forged.allowance, account: addressOf(alice) } },
        await api.stack.sign(alice, {}, { chainId: 1, contract }),
        await api.stack.sign(alice, {}, { chainId, contract: api.stack.token }),
        { ...good, allowance: { ...good.allowance, limit: 1n } },
        { ...good, allowance: { ...good.allowance, salt: 1n } },
      ];
      for (const body of cases) {
        await api.refuses(() => api.postAllowance(body), 403, "invalid_signature");
      }
    });

    it("refuses a signature that is none, or written another way than the contract takes", async () => {
      const good = await api.stack.sign(alice);
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
        await api.refuses(
          () => api.postAllowance({ ...good, signature: other }),
          403,
          "invalid_signature",
        );
      }
    });

    it("refuses one that has expired, or whose scope is not the one signed", async () => {
      const expired = await api.stack.sign(alice, { expiresAt: 1n });
      await api.refuses(() => api.postAllowance(expired), 422, "allowance_expired");
      const scoped = await api.stack.sign(alice, {
        scope: { providers: [], meters: ["requests"] },
      });
      const widened = { ...scoped, scope: { providers: [], meters: [] } };
      await api.refuses(() => api.postAllowance(widened), 422, "scope_mismatch");
      await api.refuses(
        () => api.postAllowance({ ...scoped, scope: undefined }),
        422,
        "scope_mismatch",
      );
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
        const good = await api.stack.sign(alice);
        const body = { ...good, allowance: { ...good.allowance, ...wrong } };
        const { document } = await api.refuses(
          () => api.postAllowance(body),
          400,
          "invalid_request",
        );
        expect(pointersOf(document)).to.include(pointer);
      });
    }

    it("refuses a body with a field that it does not know", async () => {
      const good = await api.stack.sign(alice);
      await api.refuses(() => api.postAllowance({ ...good, extra: 1 }), 400, "invalid_request");
      await api.refuses(
        () => api.postAllowance({ ...good, signature: "0x123" }),
        400,
        "invalid_request",
      );
      await api.refuses(() => api.postAllowance([good]), 400, "invalid_request");
      await api.refuses(() => api.postAllowance("null"), 400, "invalid_request");
    });

    describe("a counter raised on chain", () => {
      it("voids what was signed before, and refuses it when it is sent again", async () => {
        const old = await api.stack.sign(bob);
        const subject = await api.newSpender(old);
        await api.stack.client.waitForTransactionReceipt({
          hash: await api.stack.as(bob).wallet.writeContract({
            address: api.stack.contract,
            abi: computeCreditsAbi,
            functionName: "revokeAll",
            account: bob.account,
            chain: hardhat,
          }),
        });
        const { allowances } = api.stack.context;
        await eventually(
          "the raised counter",
          async () => (await allowances.counterOf(addressOf(bob))) === old.allowance.counter + 1n,
        );

        await api.refuses(() => api.report(cloudEvent(subject)), 403, "allowance_revoked");
        const stale = await api.refuses(() => api.postAllowance(old), 409, "stale_counter");
        expect(stale.document["currentCounter"]).to.equal(`${old.allowance.counter + 1n}`);
        const early = await api.stack.sign(bob, { counter: old.allowance.counter + 2n });
        await api.refuses(() => api.postAllowance(early), 409, "counter_not_reached");
        const good = await api.stack.sign(bob);
        await api.refuses(() => api.postAllowance(good), 409, "account_without_credits");
        await api.stack.buyAndWait(bob, 1n);
        expect((await api.postAllowance(good)).status).to.equal(201);
      });
    });
  });
}
