import { once } from "node:events";
import { connect } from "node:net";

import { expect } from "chai";
import express from "express";

import {
  type EventStream,
  newFrames,
  openEventStream,
} from "../../../../server/http/live/eventStream.ts";
import { createLiveHub } from "../../../../server/http/live/liveHub.ts";
import { createStreamBounds } from "../../../../server/http/live/streamBounds.ts";
import type { LiveDebit, LiveFeed, LivePage } from "../../../../server/stores/live/liveFeed.ts";
import { party } from "../../../fixtures/ledger.ts";

const NOTHING: LivePage = { end: null, debits: [], voids: [], holds: [], budgets: [] };

/** A log in which each read finds one new debit; the test says what goes wrong. */
function createFakeFeed({ fails = () => false }: { readonly fails?: (page: number) => boolean }) {
  let moment = 10;
  let pages = 0;
  const feed: LiveFeed = {
    read: async (work) => {
      moment++;
      return await work({
        snapshot: `${moment}:${moment}:`,
        newestOrder: BigInt(moment),
        page: ({ upTo, after }) => {
          pages++;
          if (fails(pages)) return Promise.reject(new Error("the database is gone"));
          // Two pages: of the order of the window's end, and of the next one.
          const order = BigInt(upTo.split(":")[0] ?? "0") * 2n;
          const isFirst = after < order;
          const debits = [debitOf(isFirst ? order : order + 1n)];
          return Promise.resolve({ ...NOTHING, debits, end: isFirst ? order : null });
        },
        moved: () => Promise.resolve([]),
        accounts: () => Promise.resolve([]),
        checkpoints: () => Promise.resolve([]),
        stillGood: () => Promise.resolve(new Set()),
        isKnown: () => true,
      });
    },
    summarise: () => Promise.resolve(),
  };
  return feed;
}

function debitOf(order: bigint): LiveDebit {
  return {
    order,
    provider: party(1),
    eventId: `${order}`,
    part: 0,
    account: party(2),
    allowance: `0x${"11".repeat(32)}`,
    spender: `0x${"22".repeat(32)}`,
    meter: "units",
    quantity: 1n,
    dimensions: {},
    occurredAt: new Date(0),
    recordedAt: new Date(0),
    rateCardVersion: 1,
    amountMicros: 1n,
    feeMicros: 0n,
    holdId: null,
  };
}

/** A reader in this process; `takes` says whether it takes what it is sent. */
function createReader(takes: () => boolean) {
  const sent: string[] = [];
  let notify = Promise.withResolvers<void>();
  const note = (text: string) => {
    sent.push(text);
    notify.resolve();
    notify = Promise.withResolvers();
  };
  const out: EventStream = {
    isOpen: true,
    send(frames) {
      if (!takes()) return false;
      note(frames.read());
      return true;
    },
    end: (frames) => note(frames.read()),
  };
  return {
    out,
    debits: () => [...sent.join("").matchAll(/"eventId":"(\d+)"/g)].map(([, id]) => Number(id)),
    async until(fits: (text: string) => boolean): Promise<void> {
      // oxlint-disable-next-line no-await-in-loop -- the next frames
      while (!fits(sent.join(""))) await notify.promise;
    },
  };
}

const nothing = () => undefined;

const STREAM = {
  party: { role: "provider", address: party(1) },
  kinds: new Set(["debit"] as const),
  credential: { revocable: null, expiresAt: null },
  resume: null,
} as const;

describe("slow readers and failing reads", () => {
  it("drops a reader that takes nothing, and goes on with the others", async () => {
    const hub = createLiveHub(createFakeFeed({}), { pauseMs: 1 });
    const isTaking = { first: true };
    const slow = createReader(() => isTaking.first);
    const quick = createReader(() => true);
    hub.watchParty(STREAM, slow.out);
    hub.watchParty(STREAM, quick.out);
    await slow.until((text) => text.includes("debit"));
    isTaking.first = false;
    await slow.until((text) => text.includes('"reason":"slow_reader"'));
    const before = quick.debits().length;
    await quick.until(() => quick.debits().length > before + 2);
    await hub.stop();
  });

  it("repeats and skips nothing when a read fails in the middle of a window", async () => {
    const errors: unknown[] = [];
    const feed = createFakeFeed({ fails: (page) => page % 3 === 0 });
    const hub = createLiveHub(feed, { pauseMs: 1, onError: (error) => errors.push(error) });
    const reader = createReader(() => true);
    hub.watchParty(STREAM, reader.out);
    await reader.until(() => reader.debits().length >= 12);
    await hub.stop();
    const told = reader.debits();
    expect(errors).to.have.length.greaterThan(1);
    expect(told).to.deep.equal([...new Set(told)].toSorted((a, b) => a - b));
    // Both pages of each window that was read to its end.
    for (const order of told.slice(0, -1).filter((one) => one % 2 === 0)) {
      expect(told).to.include(order + 1);
    }
  });

  it("counts what a real connection has not taken, and cuts it after the last words", async () => {
    const opened = Promise.withResolvers<EventStream>();
    const app = express();
    app.get("/", async (req, res) => {
      opened.resolve(
        await openEventStream(req, res, { retryMs: 1, pendingBytes: 1_000, onClose: nothing }),
      );
    });
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const socket = connect(address.port, "127.0.0.1");
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nhost: test\r\n\r\n");
    const stream = await opened.promise;
    const frames = newFrames().event("debit").data("x".repeat(65_536)).dispatch();
    let sent = 0;
    // The kernel takes some megabytes; nothing is read, so the bound is reached.
    while (stream.send(frames)) sent++;
    expect(sent).to.be.below(1_000);
    stream.end(newFrames().event("closing").data("{}").dispatch());
    expect(stream.isOpen).to.equal(false);
    socket.destroy();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });

  it("refuses more streams than the server may have, and counts closed ones no more", () => {
    const bounds = createStreamBounds({ perCaller: 2, perServer: 3 });
    bounds.take("one");
    const giveBack = bounds.take("one");
    expect(() => bounds.take("one")).to.throw("at most 2");
    bounds.take("two");
    expect(() => bounds.take("two")).to.throw("as many streams as it may, 3");
    giveBack();
    giveBack();
    bounds.take("one");
    expect(() => bounds.take("two")).to.throw("as many streams as it may, 3");
  });
});
