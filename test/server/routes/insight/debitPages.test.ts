import { once } from "node:events";
import { createServer } from "node:http";

import { expect } from "chai";
import express from "express";
import { type Address, numberToHex, zeroHash } from "viem";
import { z } from "zod";

import { ANSWERS } from "@compute-credits/api/bounds";
import { cursorOf } from "../../../../server/routes/insight/debitCursor.ts";
import { debitRoutes } from "../../../../server/routes/insight/debits.ts";
import type { LoggedDebit } from "../../../../server/stores/insight/insightStore.ts";

const account = numberToHex(1, { size: 20 });

/** Each takes about four kilobytes as JSON. */
const debits = Array.from({ length: 1_000 }, (_, n): LoggedDebit => ({
  provider: account,
  eventId: `event-${n}`,
  part: 0,
  account,
  allowance: zeroHash,
  spender: zeroHash,
  meter: "units",
  quantity: 1n,
  dimensions: { note: "d".repeat(4_000) },
  occurredAt: new Date(n),
  recordedAt: new Date(n),
  rateCardVersion: 1,
  amountMicros: 1n,
  feeMicros: 0n,
  priceBasis: null,
  voidedAt: null,
}));

async function ask(path: string, listed: readonly LoggedDebit[], accept = "application/json") {
  const app = express().use(
    debitRoutes({
      insight: { debits: () => Promise.resolve(listed) },
      permit: { check: () => Promise.resolve(), isPermitted: () => Promise.resolve(true) },
    }),
  );
  const http = createServer(app).listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  try {
    const answer = await fetch(`http://127.0.0.1:${address.port}${path}`, { headers: { accept } });
    return { headers: answer.headers, text: await answer.text() };
  } finally {
    http.close();
    http.closeAllConnections();
  }
}

function use(payer: Address) {
  return { account: payer, rateKey: "own", month: "2026-11" };
}

describe("a page of large debits", () => {
  for (const accept of ["application/json", "text/csv"]) {
    it(`ends when its answer is full, and the next begins after it: ${accept}`, async () => {
      const { headers, text } = await ask(`/accounts/${account}/debits?limit=1000`, debits, accept);
      expect(text.length).to.be.within(ANSWERS.listBytes.most / 2, ANSWERS.listBytes.most + 1_000);
      const isCsv = accept === "text/csv";
      const shown = isCsv
        ? text.trim().split("\n").length - 1
        : z.object({ debits: z.array(z.unknown()) }).parse(JSON.parse(text)).debits.length;
      const last = debits[shown - 1];
      if (last === undefined) throw new Error("the page is empty");
      const next = isCsv ? headers.get("link") : text;
      expect(next).to.include(encodeURIComponent(cursorOf(last)));
    });
  }
});

describe("the price of a debit that two accounts paid", () => {
  const friend = numberToHex(2, { size: 20 });
  const shareOf = (payer: Address, usedUnits: bigint) => ({
    micros: 1n,
    units: 1n,
    usedUnits,
    use: use(payer),
  });
  const [first] = debits;
  const shared = { shares: [shareOf(account, 70n), shareOf(friend, 90n)] };
  const atFriendsTier = { use: use(friend), usedUnits: 90n, tier: 3, multiplierBps: 500n };

  async function basisFor(path: string, priceBasis: LoggedDebit["priceBasis"]) {
    if (first === undefined) throw new Error("there are debits");
    const { text } = await ask(path, [{ ...first, dimensions: {}, priceBasis }]);
    return z
      .object({ debits: z.tuple([z.object({ priceBasis: z.unknown() })]) })
      .parse(JSON.parse(text)).debits[0].priceBasis;
  }

  it("shows each account what itself had used, and nothing of the other", async () => {
    const own = { micros: "1", units: "1", usedUnits: "70", use: use(account) };
    const path = `/accounts/${account}/debits`;
    expect(await basisFor(path, shared)).to.deep.equal({ shares: [own] });
    expect(await basisFor(path, atFriendsTier)).to.deep.equal({ multiplierBps: "500" });
    expect(await basisFor(path, null)).to.equal(null);
    expect(await basisFor(`/accounts/${friend}/debits`, atFriendsTier)).to.include({
      usedUnits: "90",
      tier: 3,
    });
  });

  it("shows the provider all that it was paid by", async () => {
    const all = z.object({ shares: z.array(z.unknown()) });
    const seen = await basisFor(`/providers/${account}/debits`, shared);
    expect(all.parse(seen).shares).to.have.length(2);
  });
});
