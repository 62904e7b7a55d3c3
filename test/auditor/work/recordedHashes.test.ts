import { expect } from "chai";

import { RecordedHashes } from "../../../auditor/work/recordedHashes.ts";
import { type Witnessed, recordedHash, recordedText } from "../../../auditor/work/witnessed.ts";
import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { party } from "../../fixtures/ledger.ts";

const charge = {
  account: party(1),
  allowance: apiKeySpender("allowance"),
  amountMicros: 5n,
  feeMicros: 1n,
};

/** Built anew each time, as each page of the log brings its own objects. */
function debit(changes: Partial<LogEntryOf<"debit">> = {}): LogEntryOf<"debit"> {
  return {
    kind: "debit",
    order: 7n,
    transaction: 70n,
    provider: party(2),
    id: "event",
    spender: apiKeySpender("key"),
    meter: "units",
    quantity: 3n,
    dimensions: { region: "eu", size: "l" },
    occurredAt: new Date(1_000),
    recordedAt: new Date(2_000),
    rateCardVersion: 1,
    priceBasis: { multiplierBps: 100n },
    holdId: null,
    charges: [{ ...charge }],
    ...changes,
  };
}

const receipt: Witnessed = {
  kind: "receipt",
  order: 7n,
  transaction: 70n,
  provider: party(2),
  earned: 5n,
  epoch: 1n,
  at: new Date(2_000),
};

function remembering(...entries: readonly Witnessed[]): RecordedHashes {
  const hashes = new RecordedHashes();
  hashes.keep(
    entries,
    entries.map((_, index) => `hash ${index}`),
  );
  return hashes;
}

describe("hashes of recorded entries", () => {
  it("gives the hash of an equal entry, once", () => {
    const hashes = remembering(debit());
    expect(hashes.take(debit())).to.equal("hash 0");
    expect(hashes.size).to.equal(0);
    expect(hashes.take(debit())).to.equal(recordedHash(recordedText(debit())));
  });

  it("gives the hash of an equal receipt, and hashes a changed one", () => {
    expect(remembering(receipt).take({ ...receipt })).to.equal("hash 0");
    const changed = { ...receipt, earned: 6n };
    expect(remembering(receipt).take(changed)).to.equal(recordedHash(recordedText(changed)));
  });

  const changes: {
    readonly [Field in keyof LogEntryOf<"debit">]?: Partial<LogEntryOf<"debit">>[];
  } = {
    transaction: [{ transaction: 71n }],
    provider: [{ provider: party(3) }],
    id: [{ id: "other" }],
    spender: [{ spender: apiKeySpender("other") }],
    meter: [{ meter: "tokens" }],
    quantity: [{ quantity: 4n }],
    dimensions: [
      { dimensions: {} },
      { dimensions: { region: "us", size: "l" } },
      { dimensions: { region: "eu", size: "l", more: "1" } },
    ],
    occurredAt: [{ occurredAt: new Date(1_001) }],
    recordedAt: [{ recordedAt: new Date(2_001) }],
    rateCardVersion: [{ rateCardVersion: 2 }],
    priceBasis: [{ priceBasis: null }, { priceBasis: { multiplierBps: 101n } }],
    holdId: [{ holdId: "hold" }],
    charges: [
      { charges: [] },
      { charges: [charge, charge] },
      { charges: [{ ...charge, account: party(3) }] },
      { charges: [{ ...charge, allowance: apiKeySpender("other") }] },
      { charges: [{ ...charge, amountMicros: 6n }] },
      { charges: [{ ...charge, feeMicros: 2n }] },
    ],
  };
  for (const field of Object.keys(debit())) {
    if (field === "kind" || field === "order") continue;
    it(`hashes an entry whose ${field} changed`, () => {
      const changed = Object.entries(changes).find(([name]) => name === field)?.[1] ?? [];
      expect(changed).not.to.have.length(0);
      for (const change of changed) {
        const entry = debit(change);
        expect(remembering(debit()).take(entry)).to.equal(recordedHash(recordedText(entry)));
      }
    });
  }

  it("hashes an entry of another order or kind", () => {
    const moved = debit({ order: 8n });
    expect(remembering(debit()).take(moved)).to.equal(recordedHash(recordedText(moved)));
    expect(remembering(debit()).take(receipt)).to.equal(recordedHash(recordedText(receipt)));
  });

  it("beyond its bound, forgets the oldest", () => {
    const hashes = new RecordedHashes(2);
    const orders = [1n, 2n, 3n];
    hashes.keep(
      orders.map((order) => debit({ order })),
      orders.map((order) => `hash ${order}`),
    );
    expect(hashes.size).to.equal(2);
    expect(hashes.take(debit({ order: 1n }))).not.to.equal("hash 1");
    expect(hashes.take(debit({ order: 3n }))).to.equal("hash 3");
  });
});
