import { expect } from "chai";
import * as fc from "fast-check";

import {
  requestRefund,
  available,
  emptyAccount,
  fundWaitingRefund,
} from "@compute-credits/rules/accounts/account";
import { party } from "../../fixtures/ledger.ts";

const amount = fc.bigInt({ min: 0n, max: 100n });
const anyAccount = fc.tuple(amount, amount, amount).map(([free, spent, held]) => ({
  ...emptyAccount(party(1)),
  purchased: free + spent + held,
  spent,
  held,
}));

describe("a refund request", () => {
  it("sets aside what is free at once, and of the rest as much as is on hold", () => {
    fc.assert(
      fc.property(anyAccount, amount, (account, requested) => {
        const free = available(account);
        const asked = requestRefund(account, requested);
        const rest = requested > free ? requested - free : 0n;
        expect(asked.refunding).to.equal(requested - rest);
        expect(asked.refundWaiting).to.equal(rest < account.held ? rest : account.held);
        expect(available(asked) >= 0n).to.equal(true);
      }),
    );
  });

  it("gets what comes free before anything else can use it, and never more than was asked", () => {
    fc.assert(
      fc.property(anyAccount, amount, fc.nat({ max: 100 }), (account, requested, percent) => {
        const asked = requestRefund(account, requested);
        const captured = (account.held * BigInt(percent)) / 100n;
        const returned = account.held - captured;
        // Bought since: nothing of it goes into a refund that was asked before.
        const richer = { ...asked, purchased: asked.purchased + 1_000n };
        const after = fundWaitingRefund(
          { ...richer, held: 0n, spent: asked.spent + captured },
          returned,
        );
        const waited = asked.refundWaiting < returned ? asked.refundWaiting : returned;
        expect(after.refunding).to.equal(asked.refunding + waited);
        expect(after.refunding <= requested).to.equal(true);
        expect(after.refundWaiting).to.equal(0n);
        expect(available(after) >= 0n).to.equal(true);
      }),
    );
  });
});
