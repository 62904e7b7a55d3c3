import { expect } from "chai";

import type { Sql } from "@compute-credits/platform/postgres/database";
import { inOrder } from "@compute-credits/platform/postgres/inOrder";

describe("statements in order", () => {
  it("are sent one at a time, although none is waited for", async () => {
    const sent: string[] = [];
    const answers: (() => void)[] = [];
    const sql = inOrder({
      query: async <Row>(text: string): Promise<Row[]> => {
        sent.push(text);
        await new Promise<void>((resolve) => void answers.push(resolve));
        return [];
      },
    } satisfies Sql);
    const both = Promise.all([sql.query("first"), sql.query("second")]);
    await Promise.resolve();
    await Promise.resolve();
    expect(sent).to.deep.equal(["first"]);
    answers.shift()?.();
    while (sent.length < 2) {
      // oxlint-disable-next-line no-await-in-loop -- until the second is sent
      await Promise.resolve();
    }
    answers.shift()?.();
    await both;
    expect(sent).to.deep.equal(["first", "second"]);
  });

  it("reject on their own: the next one is still sent", async () => {
    const sql = inOrder({
      query: async <Row>(text: string): Promise<Row[]> => {
        if (text === "wrong") throw new Error("no such table");
        return await Promise.resolve([]);
      },
    } satisfies Sql);
    const wrong = sql.query("wrong").catch((error: unknown) => error);
    const right = sql.query("right");
    expect(String(await wrong)).to.include("no such table");
    expect(await right).to.deep.equal([]);
  });
});
