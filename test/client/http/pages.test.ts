import { expect } from "chai";

import { pages } from "@compute-credits/client/http/pages";

async function allOf<T>(read: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of read) all.push(one);
  return all;
}

describe("pages", () => {
  it("reads until the page without a next cursor", async () => {
    const cursors: unknown[] = [];
    const read = pages(async ({ cursor }) => {
      cursors.push(cursor);
      return { nextCursor: cursor === undefined ? "b" : null };
    });
    expect(await allOf(read)).to.deep.equal([{ nextCursor: "b" }, { nextCursor: null }]);
    expect(cursors).to.deep.equal([undefined, "b"]);
  });

  it("with an endless list: stops after 1,000 pages", async () => {
    let asked = 0;
    const read = pages(async () => ({ nextCursor: `${++asked}` }));
    const failure = await allOf(read).catch((error: unknown) => error);
    expect(failure).to.include({
      name: "CreditsError",
      reason: "unexpected_answer",
      message: "the list goes on after 1000 pages",
    });
    expect(asked).to.equal(1_000);
  });
});
