import { expect } from "chai";

import { offerWorker } from "../../../../server/workers/allowances/offerWorker.ts";

describe("offerWorker", () => {
  it("goes on at once while a step finds as much as it may delete", async () => {
    const found = [500, 3];
    const asked: [number, number][] = [];
    const worker = offerWorker({
      maxOfferSeconds: 60,
      allowances: {
        deleteOldOffers(ageSeconds, limit) {
          asked.push([ageSeconds, limit]);
          return Promise.resolve(found.shift() ?? 0);
        },
      },
    });
    expect([await worker.step(), await worker.step()]).to.deep.equal(["more", "done"]);
    expect(asked).to.deep.equal([
      [60, 500],
      [60, 500],
    ]);
  });
});
