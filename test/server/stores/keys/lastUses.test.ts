import { expect } from "chai";
import type { Hex } from "viem";

import { USES, type Use, createLastUses } from "../../../../server/stores/keys/lastUses.ts";

const [one, two]: readonly Hex[] = ["0x01", "0x02"];

describe("last uses", () => {
  let time: number;
  let written: Use[][];
  const start = 1_000_000;

  function open() {
    time = start;
    written = [];
    return createLastUses(
      (uses) => Promise.resolve(void written.push([...uses])),
      () => time,
    );
  }

  it("are written once in five minutes, however often a key is used", async () => {
    const uses = open();
    if (one === undefined || two === undefined) throw new Error("no hashes");
    await uses.flush();
    expect(written).to.deep.equal([]);
    for (let count = 0; count < 100; count++) uses.note(one);
    time += 1_000;
    uses.note(two);
    uses.note(one);
    await uses.flush();
    expect(written).to.deep.equal([
      [
        { hash: one, at: new Date(start) },
        { hash: two, at: new Date(start + 1_000) },
      ],
    ]);
    uses.note(one);
    await uses.flush();
    expect(written).to.have.length(1);
    time = start + USES.everyMs;
    uses.note(one);
    uses.note(two);
    await uses.flush();
    expect(written[1]).to.deep.equal([{ hash: one, at: new Date(start + USES.everyMs) }]);
  });
});
