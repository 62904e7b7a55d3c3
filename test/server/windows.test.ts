import { expect } from "chai";

import { longestHoldSeconds } from "../../server/windows.ts";

const windows = {
  disputeWindowSeconds: 10,
  answerWindowSeconds: 10,
  refundWindowSeconds: 300,
  counterGraceSeconds: 600,
};
const pace = { maxHoldSeconds: 3_600, settlePauseSeconds: 15, refundAlarmSeconds: null };

describe("the longest hold", () => {
  it("ends before a refund requested at its start would be late", () => {
    expect(longestHoldSeconds(windows, pace)).to.equal(210);
  });

  it("ends within the counter's grace if that is shorter", () => {
    expect(longestHoldSeconds({ ...windows, counterGraceSeconds: 100 }, pace)).to.equal(45);
  });

  it("is the configured one if the windows allow more", () => {
    expect(longestHoldSeconds(windows, { ...pace, maxHoldSeconds: 30 })).to.equal(30);
  });

  it("is refused if no refund window is left for it, naming both", () => {
    expect(() => longestHoldSeconds(windows, { ...pace, settlePauseSeconds: 120 }))
      .to.throw("refundWindowSeconds 300")
      .with.property("message")
      .that.includes("SETTLE_INTERVAL_SECONDS 120");
  });

  it("is refused if no counter grace is left for it, naming both", () => {
    expect(() => longestHoldSeconds({ ...windows, counterGraceSeconds: 55 }, pace))
      .to.throw("counterGraceSeconds 55")
      .with.property("message")
      .that.includes("SETTLE_INTERVAL_SECONDS 15");
  });

  it("is refused beside an alarm that would always be on", () => {
    expect(() => longestHoldSeconds(windows, { ...pace, refundAlarmSeconds: 300 })).to.throw(
      "REFUND_ALARM_SECONDS 300",
    );
  });
});
