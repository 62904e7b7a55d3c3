import { expect } from "chai";

import { createActivity } from "@compute-credits/platform/process/activity";

describe("createActivity", () => {
  it("is recent for the given time after it was noted, and not before", () => {
    let time = 0;
    const activity = createActivity(100, () => time);
    expect(activity.isRecent()).to.equal(false);
    activity.note();
    time = 99;
    expect(activity.isRecent()).to.equal(true);
    time = 100;
    expect(activity.isRecent()).to.equal(false);
  });
});
