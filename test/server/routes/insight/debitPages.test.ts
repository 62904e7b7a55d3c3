import { once } from "node:events";
import { createServer } from "node:http";

import { expect } from "chai";
import express from "express";
import { numberToHex, zeroHash } from "viem";
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

describe("a page of large debits", () => {
  for (const accept of ["application/json", "text/csv"]) {
    it(`ends when its answer is full, and the next begins after it: ${accept}`, async () => {
      const app = express().use(
        debitRoutes({
          insight: { debits: () => Promise.resolve(debits) },
          permit: { check: () => Promise.resolve(), isPermitted: () => Promise.resolve(true) },
        }),
      );
      const http = createServer(app).listen(0, "127.0.0.1");
      await once(http, "listening");
      const address = http.address();
      if (address === null || typeof address === "string") throw new Error("no port");
      try {
        const answer = await fetch(
          `http://127.0.0.1:${address.port}/accounts/${account}/debits?limit=1000`,
          { headers: { accept } },
        );
        const text = await answer.text();
        expect(text.length).to.be.within(
          ANSWERS.listBytes.most / 2,
          ANSWERS.listBytes.most + 1_000,
        );
        const isCsv = accept === "text/csv";
        const shown = isCsv
          ? text.trim().split("\n").length - 1
          : z.object({ debits: z.array(z.unknown()) }).parse(JSON.parse(text)).debits.length;
        const last = debits[shown - 1];
        if (last === undefined) throw new Error("the page is empty");
        const next = isCsv ? answer.headers.get("link") : text;
        expect(next).to.include(encodeURIComponent(cursorOf(last)));
      } finally {
        http.close();
        http.closeAllConnections();
      }
    });
  }
});
