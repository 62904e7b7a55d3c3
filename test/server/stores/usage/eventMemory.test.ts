import { expect } from "chai";

import { createEventMemory } from "../../../../server/stores/usage/eventMemory.ts";
import { hashOf, party, usageEvent } from "../../../fixtures/ledger.ts";

describe("createEventMemory", () => {
  const startedAt = new Date("2026-01-01T00:00:00.005Z");
  const at = (milliseconds: number) =>
    usageEvent({
      provider: party(1),
      spender: hashOf("spender"),
      occurredAt: new Date(startedAt.getTime() + milliseconds),
    });

  it("takes an event of before the start, or of its millisecond, as possibly recorded", () => {
    const memory = createEventMemory(startedAt);
    expect([-1, 0, 1].map((when) => memory.mayBeRecorded(at(when)))).to.deep.equal([
      true,
      true,
      false,
    ]);
  });

  it("takes an event as possibly recorded that it has forgotten, and no later one", () => {
    const memory = createEventMemory(startedAt, 4);
    const events = [1, 2, 3, 4].map(at);
    for (const event of events) memory.remember(event);
    expect(events.map((event) => memory.mayBeRecorded(event))).to.deep.equal([
      true,
      true,
      true,
      true,
    ]);
    expect(memory.mayBeRecorded(at(5))).to.equal(false);
  });
});
