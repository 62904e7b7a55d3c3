import { expect } from "chai";
import { z } from "zod";

import { boundedList } from "@compute-credits/protocol/json/fields";

describe("boundedList", () => {
  it("returns the items as they were parsed", () => {
    const upperCase = z.string().transform((text) => text.toUpperCase());
    expect(boundedList(upperCase, 2).parse(["a", "b"])).to.deep.equal(["A", "B"]);
  });

  it("looks at no item of a list that is too long", () => {
    const { parse, looks } = counted(3);
    const { error } = parse(many(4, { n: 1 }));
    expect(error?.issues).to.have.length(1);
    expect(error?.issues[0]).to.deep.include({
      path: ["list"],
      message: "must have at most 3 items",
    });
    expect(looks()).to.equal(0);
  });

  it("names the first 20 wrong fields, each by its place, and looks at nothing after them", () => {
    const { parse, looks } = counted(1_000);
    const { error } = parse([{ n: 1 }, ...many(19, { n: "1" }), { m: 1 }, ...many(100, { n: 1 })]);
    expect(error?.issues).to.have.length(20);
    expect(error?.issues[0]?.path).to.deep.equal(["list", 1, "n"]);
    expect(error?.issues[19]?.path[1]).to.equal(20);
    expect(looks()).to.equal(1);
  });
});

/** Counts the items that are looked at. */
function counted(most: number) {
  let looks = 0;
  const item = z.strictObject({
    n: z.int().refine(() => ++looks > 0),
  });
  const list = z.strictObject({ list: boundedList(item, most) });
  return { parse: (items: unknown[]) => list.safeParse({ list: items }), looks: () => looks };
}

function many(length: number, item: unknown): unknown[] {
  return Array.from({ length }, () => item);
}
