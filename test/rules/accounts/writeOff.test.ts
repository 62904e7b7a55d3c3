import { expect } from "chai";
import { type Arbitrary, assert, bigInt, property, record } from "fast-check";

import { type Account, available, emptyAccount } from "@compute-credits/rules/accounts/account";
import { takeOver, takeOverRoom, writeOff } from "@compute-credits/rules/accounts/writeOff";
import { answerableSpent } from "@compute-credits/rules/checkpoints/answerable";

const micros = (max = 1_000n) => bigInt({ min: 0n, max });

/** An account that holds I1. */
const accounts: Arbitrary<Account> = record({
  spent: micros(),
  held: micros(),
  refunding: micros(),
  refunded: micros(),
  refundWaiting: micros(),
  free: micros(),
}).map(({ free, ...numbers }) => ({
  ...emptyAccount("0x00000000000000000000000000000000000000aa"),
  ...numbers,
  purchased: free + numbers.spent + numbers.held + numbers.refunding + numbers.refunded,
}));

describe("writeOff and takeOver", () => {
  it("keep the sum of all spending, and I1 of both accounts, for any amount that fits", () => {
    assert(
      property(accounts, accounts, micros(2_000n), micros(4_000n), (account, payer, wish, cap) => {
        const room = takeOverRoom(payer, cap);
        const amount = [wish, account.spent, room].reduce((a, b) => (b < a ? b : a));
        const freed = writeOff(account, amount);
        const charged = takeOver(payer, amount);
        expect(freed.spent + charged.spent).to.equal(account.spent + payer.spent);
        expect(available(freed) >= 0n && available(charged) >= 0n).to.equal(true);
        // What comes free goes to the open refund request first.
        const served = freed.refunding - account.refunding;
        expect(served).to.equal(amount < account.refundWaiting ? amount : account.refundWaiting);
        expect(available(freed)).to.equal(available(account) + amount - served);
        if (amount > 0n) expect(charged.spent + charged.held <= cap).to.equal(true);
      }),
    );
  });
});

const at = (seconds: number) => new Date(seconds * 1000);

describe("answerableSpent", () => {
  it("takes the final row, and each cap of a counter in force or in its grace", () => {
    const coverage = {
      finalSpent: 10n,
      currentCounter: 2n,
      endedAt: new Map([
        [0n, at(100)],
        [1n, at(200)],
      ]),
      caps: [
        { counter: 0n, capMicros: 90n },
        { counter: 1n, capMicros: 50n },
        { counter: 2n, capMicros: 20n },
        { counter: 3n, capMicros: 1_000n },
      ],
    };
    const answerable = (submittedAt: number) =>
      answerableSpent(coverage, { submittedAt: at(submittedAt), graceSeconds: 60 });
    expect([160, 161, 260, 261].map(answerable)).to.deep.equal([90n, 50n, 50n, 20n]);
    expect(
      answerableSpent({ ...coverage, finalSpent: 30n }, { submittedAt: at(261), graceSeconds: 60 }),
    ).to.equal(30n);
  });
});
