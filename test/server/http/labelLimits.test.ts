import { expect } from "chai";

import { readConfig } from "../../../server/config.ts";
import { parseCloudEvent } from "../../../server/routes/usage/parseCloudEvent.ts";
import { labelProblem } from "../../../server/http/labelLimits.ts";
import { party } from "../../fixtures/ledger.ts";
import { cloudEvent } from "../../fixtures/meteredStack.ts";

const { limits } = readConfig({
  RPC_URL: "http://localhost:1",
  CONTRACT_ADDRESS: party(1),
  MAX_EVENT_ID_LENGTH: "16",
  MAX_DIMENSIONS: "2",
  MAX_DIMENSION_VALUE_LENGTH: "4",
  MAX_SCOPE_NAMES: "1",
});

describe("labels, where the operator allows less than the formats", () => {
  const scope = { providers: [party(1)], meters: ["a"] };
  const good = { id: "i".repeat(16), dimensions: { gpu: "H100", tier: "spot" }, scope };
  const cases: readonly (readonly [string, object, string])[] = [
    ["an id", { id: "i".repeat(17) }, "maxEventIdLength"],
    ["too many dimensions", { dimensions: { a: "1", b: "2", c: "3" } }, "maxDimensions"],
    ["a value", { dimensions: { gpu: "H100a" } }, "maxDimensionValueLength"],
    ["providers", { scope: { providers: [party(1), party(2)], meters: [] } }, "maxScopeNames"],
    ["meters", { scope: { providers: [], meters: ["a", "b"] } }, "maxScopeNames"],
  ];

  it("take what is within the limits, to the last character", () => {
    expect(labelProblem(good, limits)).to.equal(null);
    expect(labelProblem({}, limits)).to.equal(null);
  });

  for (const [what, labels, limit] of cases) {
    it(`refuse ${what}, and name the limit`, () => {
      const problem = labelProblem({ ...good, ...labels }, limits);
      expect(problem).to.include({ status: 422, reason: "label_too_long" });
      expect(problem).to.have.property(limit);
    });
  }

  it("are looked at in every event of a batch", () => {
    const event = cloudEvent(party(2), { dimensions: { gpu: "H100a" } }, { id: "short" });
    const parsed = parseCloudEvent(event, event.source, limits);
    expect("problem" in parsed && parsed.problem.reason).to.equal("label_too_long");
  });
});
