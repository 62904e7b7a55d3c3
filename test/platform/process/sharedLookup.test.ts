import { expect } from "chai";

import { sharedLookup } from "@compute-credits/platform/process/sharedLookup";

/** A lookup whose queries the test ends. */
function steppedLookup() {
  const queries: {
    keys: readonly string[];
    end: (found: ReadonlyMap<string, number> | Error) => void;
  }[] = [];
  const ask = sharedLookup<string, number>((keys) => {
    const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<string, number>>();
    queries.push({
      keys,
      end: (found) => (found instanceof Error ? reject(found) : resolve(found)),
    });
    return promise;
  });
  const query = (n: number) => {
    const found = queries[n];
    if (found === undefined) throw new Error(`there was no query ${n}`);
    return found;
  };
  return { ask, query, queries };
}

describe("sharedLookup", () => {
  it("queries at once, and batches the keys requested meanwhile", async () => {
    const { ask, query, queries } = steppedLookup();
    const first = ask("a");
    const others = ["b", "c", "b"].map(ask);
    expect(queries.map(({ keys }) => keys)).to.deep.equal([["a"]]);
    query(0).end(new Map([["a", 1]]));
    expect(await first).to.equal(1);
    query(1).end(new Map([["b", 2]]));
    expect(await Promise.all(others)).to.deep.equal([2, null, 2]);
    expect(queries.map(({ keys }) => keys)).to.deep.equal([["a"], ["b", "c"]]);
  });

  it("with a query in progress: answers from the next one", async () => {
    const { ask, query } = steppedLookup();
    const before = ask("key");
    const after = ask("key");
    query(0).end(new Map([["key", 1]]));
    expect(await before).to.equal(1);
    query(1).end(new Map());
    expect(await after).to.equal(null);
  });

  it("when a shared query fails: rejects its callers and continues", async () => {
    const { ask, query } = steppedLookup();
    const failed = ask("a").then(
      () => "answered",
      (error: Error) => error.message,
    );
    query(0).end(new Error("no connection"));
    expect(await failed).to.equal("no connection");
    const next = ask("a");
    query(1).end(new Map([["a", 3]]));
    expect(await next).to.equal(3);
  });
});
