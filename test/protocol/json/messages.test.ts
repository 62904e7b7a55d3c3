import { expect } from "chai";
import * as fc from "fast-check";
import { getAddress } from "viem";
import type { z } from "zod";

import { AllowanceJson, ScopeJson } from "@compute-credits/protocol/json/allowance";
import { CheckpointJson, RowJson } from "@compute-credits/protocol/json/checkpoint";
import { SignedQuoteJson } from "@compute-credits/protocol/json/quote";
import { SignedReceiptJson } from "@compute-credits/protocol/json/receipt";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { anyAddress, anyBytes32, anyRow, anyUint } from "../../fixtures/arbitraries.ts";

const anyAllowance = fc.record({
  account: anyAddress,
  spender: anyBytes32,
  limit: anyUint(64),
  period: anyUint(64),
  rollover: anyUint(64),
  startsAt: anyUint(64),
  expiresAt: anyUint(64),
  priority: fc.integer({ min: 0, max: 255 }),
  scope: anyBytes32,
  accountCap: anyUint(64),
  counter: anyUint(64),
  salt: anyUint(256),
});

const anyMeter = fc.stringMatching(/^[a-z][a-z0-9_.]{0,63}$/);
const anySignature = fc.constant(`0x${"12".repeat(65)}` as const);

const messages: readonly (readonly [string, z.ZodType, fc.Arbitrary<object>])[] = [
  ["an allowance", AllowanceJson, anyAllowance],
  [
    "a scope",
    ScopeJson,
    fc.record({ providers: fc.array(anyAddress), meters: fc.array(anyMeter) }),
  ],
  ["a row", RowJson, anyRow],
  [
    "a checkpoint",
    CheckpointJson,
    fc.record({
      epoch: anyUint(64),
      previousRoot: anyBytes32,
      root: anyBytes32,
      spent: anyUint(64),
      refunded: anyUint(64),
      earned: anyUint(64),
      asOf: anyUint(64),
      dataHash: anyBytes32,
    }),
  ],
  [
    "a receipt",
    SignedReceiptJson,
    fc.record({
      receipt: fc.record({ provider: anyAddress, earned: anyUint(64), epoch: anyUint(64) }),
      signatures: fc.array(fc.record({ signer: anyAddress, signature: anySignature })),
      standbySignatures: fc.array(fc.record({ signer: anyAddress, signature: anySignature })),
      threshold: fc.nat(),
      isEnforceable: fc.boolean(),
    }),
  ],
  [
    "a quote",
    SignedQuoteJson,
    fc.record({
      message: fc.record({
        provider: anyAddress,
        account: anyAddress,
        meter: anyMeter,
        dimensions: fc.string(),
        quantity: anyUint(63),
        costMicros: anyUint(63),
        rateCardVersion: anyUint(63),
        rate: fc.string(),
        expiresAt: anyUint(63),
      }),
      signature: anySignature,
    }),
  ],
];

describe("messages as JSON", () => {
  for (const [what, schema, anyMessage] of messages) {
    it(`read ${what} back exactly as it was written`, () => {
      fc.assert(
        fc.property(anyMessage, (message) => {
          const sent: unknown = JSON.parse(jsonText(message));
          expect(schema.parse(sent)).to.deep.equal(message);
        }),
      );
    });
  }

  it("refuse an allowance with a field that nobody signed, or without one that was signed", () => {
    fc.assert(
      fc.property(
        anyAllowance,
        fc.constantFrom(...Object.keys(AllowanceJson.shape)),
        (message, name) => {
          const sent: object = JSON.parse(jsonText(message));
          expect(AllowanceJson.safeParse({ ...sent, note: "hello" }).success).to.equal(false);
          expect(AllowanceJson.safeParse({ ...sent, [name]: undefined }).success).to.equal(false);
        },
      ),
    );
  });

  it("refuse a number that the signed type cannot hold", () => {
    fc.assert(
      fc.property(anyAllowance, (message) => {
        const sent: object = JSON.parse(jsonText(message));
        for (const [name, least] of [
          ["limit", 2n ** 64n],
          ["accountCap", 2n ** 64n],
          ["priority", 2n ** 8n],
          ["salt", 2n ** 256n],
        ] as const) {
          const beyond = { ...sent, [name]: `${least}` };
          expect(AllowanceJson.safeParse(beyond).success, name).to.equal(false);
        }
      }),
    );
  });

  it("take an address in mixed case if its checksum is right, as the same in lower case", () => {
    fc.assert(
      fc.property(anyRow, (row) => {
        const sent: object = JSON.parse(jsonText(row));
        expect(RowJson.parse({ ...sent, party: getAddress(row.party) })).to.deep.equal(row);
      }),
    );
  });
});
