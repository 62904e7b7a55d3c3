import { expect } from "chai";

import { ApiProblem } from "@compute-credits/client/http/api";
import type { HoldRequest } from "@compute-credits/client/http/meteringClient";
import { paidWork } from "../../../scripts/demo/paidWork.ts";

const meterOf = (holdId: string) => holdId.split("/")[1];

/** Holds up to so many units of all meters together. */
function meteringOf(units: number) {
  const said: string[] = [];
  let left = units;
  return {
    said,
    async hold({ meter, quantity }: HoldRequest) {
      if (quantity > left) throw new ApiProblem(402, { reason: "insufficient_credits" });
      left -= quantity;
      said.push(`hold ${meter} ${quantity}`);
    },
    async capture(holdId: string, { quantity }: { quantity: number }) {
      said.push(`capture ${meterOf(holdId)} ${quantity}`);
      return { costMicros: BigInt(quantity), repeated: false };
    },
    async release(holdId: string) {
      said.push(`release ${meterOf(holdId)}`);
    },
  };
}

const took = (bytes: number) => () => ({ work: "done", took: { requests: 1, bytes } });

describe("paidWork", () => {
  const job = { apiKey: "cck_", most: { requests: 1, bytes: 100 } };

  it("holds the most before it works, and charges what the work took", async () => {
    const metering = meteringOf(101);
    expect(await paidWork(metering, job, took(40))).to.deep.equal({
      work: "done",
      costMicros: 41n,
    });
    const all = ["hold requests 1", "hold bytes 100", "capture requests 1", "capture bytes 40"];
    expect(metering.said).to.deep.equal(all);
  });

  it("charges no more than is held", async () => {
    const { costMicros } = await paidWork(meteringOf(101), job, took(1_000));
    expect(costMicros).to.equal(101n);
  });

  it("does not work without credits, and releases what it held", async () => {
    const metering = meteringOf(100);
    let worked = false;
    const failure = await paidWork(metering, job, () => {
      worked = true;
      return took(1)();
    }).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(ApiProblem);
    expect(worked).to.equal(false);
    expect(metering.said).to.deep.equal(["hold requests 1", "release requests"]);
  });

  it("releases everything if the work fails", async () => {
    const metering = meteringOf(101);
    const failure = await paidWork(metering, job, () => {
      throw new Error("broken");
    }).catch((error: unknown) => error);
    expect(failure).to.have.property("message", "broken");
    expect(metering.said.slice(2)).to.deep.equal(["release requests", "release bytes"]);
  });
});
