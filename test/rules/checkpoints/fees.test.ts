import { expect } from "chai";
import * as fc from "fast-check";

import { gasFees } from "@compute-credits/rules/checkpoints/fees";

const wei = fc.bigInt(0n, 10n ** 15n);
const market = fc.record({ baseFeePerGas: wei, maxPriorityFeePerGas: wei });
const waiting = fc.array(
  fc.record({ maxFeePerGas: wei, maxPriorityFeePerGas: wei }).map((fees) => ({
    maxFeePerGas: fees.maxFeePerGas + fees.maxPriorityFeePerGas,
    maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
  })),
);

describe("gasFees", () => {
  it("without a pending transaction: offers twice the base fee plus the tip", () => {
    const now = { baseFeePerGas: 10n, maxPriorityFeePerGas: 3n };
    expect(gasFees(now, [], 1_000n)).to.deep.equal({ maxFeePerGas: 23n, maxPriorityFeePerGas: 3n });
    expect(gasFees(now, [], 15n)).to.deep.equal({ maxFeePerGas: 15n, maxPriorityFeePerGas: 3n });
    expect(gasFees(now, [], 12n)).to.deep.equal({ reason: "fee_too_high", neededPerGas: 13n });
  });

  it("with a pending transaction: offers an eighth more of both fees, within the bound and the market", () => {
    fc.assert(
      fc.property(market, waiting, fc.bigInt(1n, 10n ** 16n), (now, before, most) => {
        const fees = gasFees(now, before, most);
        if ("reason" in fees) {
          expect(fees.neededPerGas > most).to.equal(true);
          return;
        }
        expect(fees.maxFeePerGas <= most).to.equal(true);
        expect(fees.maxFeePerGas >= now.baseFeePerGas + fees.maxPriorityFeePerGas).to.equal(true);
        expect(fees.maxFeePerGas >= fees.maxPriorityFeePerGas).to.equal(true);
        for (const each of before) {
          expect(fees.maxFeePerGas * 8n >= each.maxFeePerGas * 9n).to.equal(true);
          expect(fees.maxPriorityFeePerGas * 8n >= each.maxPriorityFeePerGas * 9n).to.equal(true);
        }
      }),
    );
  });
});
