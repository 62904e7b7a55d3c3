import { expect } from "chai";
import * as fc from "fast-check";

import {
  type Account,
  available,
  emptyAccount,
  fundWaitingRefund,
} from "@compute-credits/rules/accounts/account";
import {
  type RefundRequest,
  closeRefundRequest,
  isRefundServed,
  openRefundRequest,
  refundDue,
} from "@compute-credits/rules/accounts/refundRequest";
import { party } from "../../fixtures/ledger.ts";
import { propertyRuns } from "../../fixtures/effort.ts";

/** The kinds of steps. A step's size is a percentage of the possible amount. */
const STEPS = [
  "buy",
  "spend",
  "hold",
  "capture",
  "release",
  "void",
  "request",
  "cut",
  "settle",
] as const;
const step = fc.record({
  name: fc.constantFrom(...STEPS),
  percent: fc.integer({ min: 1, max: 100 }),
});

/** An account with the contract's state: the last cut row and the settled amounts. */
class AccountAndChain {
  account: Account = { ...emptyAccount(party(1)), purchased: 1_000n };
  request: RefundRequest | null = null;
  cut = { spent: 0n, refunded: 0n, held: 0n };
  settled = { spent: 0n, refunded: 0n };
  holds: bigint[] = [];
  /** recorded since the last cut, so they can be voided */
  voidable: bigint[] = [];

  take(name: (typeof STEPS)[number], percent: number): void {
    const share = (whole: bigint) => (whole * BigInt(percent)) / 100n;
    const { account } = this;
    switch (name) {
      case "buy":
        this.account = { ...account, purchased: account.purchased + BigInt(percent) };
        return;
      case "spend": {
        const spent = share(available(account));
        this.account = { ...account, spent: account.spent + spent };
        this.voidable.push(spent);
        return;
      }
      case "hold": {
        const held = share(available(account));
        this.account = { ...account, held: account.held + held };
        this.holds.push(held);
        return;
      }
      case "capture":
      case "release": {
        const held = this.holds.pop() ?? 0n;
        const captured = name === "capture" ? share(held) : 0n;
        const after = { ...account, held: account.held - held, spent: account.spent + captured };
        this.account = fundWaitingRefund(after, held - captured);
        this.voidable.push(captured);
        return;
      }
      case "void": {
        const spent = this.voidable.pop() ?? 0n;
        this.account = fundWaitingRefund({ ...account, spent: account.spent - spent }, spent);
        return;
      }
      case "request": {
        const unspentMicros = account.purchased - this.settled.refunded;
        const requestedMicros = share(unspentMicros - this.settled.spent);
        if (this.request !== null || requestedMicros === 0n) return;
        this.request = { requestedMicros, unspentMicros, refundedMicros: this.settled.refunded };
        this.account = openRefundRequest(account, this.request);
        return;
      }
      case "cut":
        this.account = {
          ...account,
          refunded: account.refunded + account.refunding,
          refunding: 0n,
        };
        this.cut = { ...this.account };
        this.voidable = [];
        return;
      case "settle": {
        const { spent, refunded } = this.cut;
        this.settled = { spent, refunded };
        if (this.request === null || !isRefundServed(this.request, this.settled)) return;
        this.request = null;
        this.account = closeRefundRequest(this.account);
      }
    }
  }
}

describe("a refund request", () => {
  it("with any order of steps: is paid at least what the contract calls due", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const state = new AccountAndChain();
        for (const { name, percent } of steps) {
          const before = state.account;
          state.take(name, percent);
          const { account, request } = state;
          expect(available(account) >= 0n, `I1 after ${name}`).to.equal(true);
          expect(
            account.refunded + account.refunding >= before.refunded + before.refunding,
          ).to.equal(true);
          if (request === null) continue;
          const given = account.refunded + account.refunding - request.refundedMicros;
          const due = refundDue(request, account.spent + account.held);
          expect(given >= due, `${given} given of ${due} due after ${name}`).to.equal(true);
        }
      }),
      { numRuns: propertyRuns(2_000) },
    );
  });

  it("with a row cut while nothing is held: is served", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const state = new AccountAndChain();
        for (const { name, percent } of steps) state.take(name, percent);
        while (state.holds.length > 0) state.take("release", 100);
        state.take("cut", 100);
        state.take("settle", 100);
        expect(state.request).to.equal(null);
      }),
      { numRuns: propertyRuns(2_000) },
    );
  });

  it("after a void: gets all returned credits", () => {
    const spent = { ...emptyAccount(party(1)), purchased: 10_000_000n, spent: 10_000n };
    const request = {
      requestedMicros: 10_000_000n,
      unspentMicros: 10_000_000n,
      refundedMicros: 0n,
    };
    const asked = openRefundRequest(spent, request);
    expect(asked.refunding).to.equal(9_990_000n);
    const voided = fundWaitingRefund({ ...asked, spent: 0n }, 10_000n);
    expect(voided.refunding).to.equal(10_000_000n);
    expect(available(voided)).to.equal(0n);
  });

  it("with credits bought later: leaves them to the account", () => {
    const account = { ...emptyAccount(party(1)), purchased: 100n, spent: 60n };
    const request = { requestedMicros: 100n, unspentMicros: 100n, refundedMicros: 0n };
    const asked = openRefundRequest(account, request);
    const richer = { ...asked, purchased: 150n };
    expect(richer.refunding).to.equal(40n);
    expect(available(richer)).to.equal(50n);
  });

  it("after an earlier request that got more than the contract paid: counts the excess", () => {
    // The first request for 100 was served with 60, because 40 were spent and voided later.
    const account = { ...emptyAccount(party(1)), purchased: 100n, refunded: 60n, refunding: 40n };
    const request = { requestedMicros: 40n, unspentMicros: 40n, refundedMicros: 60n };
    const asked = openRefundRequest(account, request);
    expect([asked.refunding, asked.refundWaiting]).to.deep.equal([40n, 0n]);
  });
});
