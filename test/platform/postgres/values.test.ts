import { expect } from "chai";

import { textArray, timestampOf } from "@compute-credits/platform/postgres/values";

describe("values of PostgreSQL", () => {
  for (const [text, expected] of [
    ["2026-01-31 12:00:00+00", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31 12:00:00.1+00", "2026-01-31T12:00:00.100Z"],
    ["2026-01-31 12:00:00.12+00", "2026-01-31T12:00:00.120Z"],
    ["2026-01-31 23:59:59.123456+00", "2026-01-31T23:59:59.123Z"],
    ["1969-12-31 23:59:59.999999+00", "1969-12-31T23:59:59.999Z"],
    ["9999-12-31 23:59:59.999+00", "9999-12-31T23:59:59.999Z"],
  ] as const) {
    it(`a timestamp like ${text} is parsed to the millisecond`, () => {
      expect(timestampOf(text)?.toISOString()).to.equal(expected);
    });
  }

  for (const text of [
    "2026-01-31 12:00:00+01",
    "2026-01-31 12:00:00+00:30",
    "0050-01-31 12:00:00+00",
    "0044-03-15 12:00:00+00 BC",
    "12026-01-31 12:00:00+00",
    "infinity",
    "-infinity",
  ]) {
    it(`a timestamp like ${text} is left to the driver`, () => {
      expect(timestampOf(text)).to.equal(null);
    });
  }

  it("texts in an array are quoted", () => {
    expect(textArray(["plain", 'a "quote"', "back\\slash"])).to.equal(
      '{"plain","a \\"quote\\"","back\\\\slash"}',
    );
  });
});
