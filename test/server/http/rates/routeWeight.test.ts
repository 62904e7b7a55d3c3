import { expect } from "chai";

import { routeClass } from "../../../../server/http/rates/routeWeight.ts";

describe("the class of a route", () => {
  const id = `0x${"ab".repeat(32)}`;
  const cases = [
    ["POST", "/usage", "hot"],
    ["POST", "/voids", "hot"],
    ["POST", "/holds", "hot"],
    ["POST", "/holds/h-1/captures", "hot"],
    ["POST", "/holds/h-1/release", "hot"],
    ["GET", "/accounts/0x1", "read"],
    ["GET", "/allowances/0x1", "read"],
    ["GET", "/accounts/0x1/debits", "heavyRead"],
    ["GET", "/providers/0x1/earnings", "heavyRead"],
    ["GET", "/report", "heavyRead"],
    ["GET", "/checkpoints/7/data", "heavyRead"],
    ["POST", "/prices", "heavyRead"],
    ["POST", "/allowances", "write"],
    ["POST", "/rate-cards", "write"],
    ["POST", "/sessions", "sensitive"],
    ["POST", "/provider-keys", "sensitive"],
    ["POST", "/provider-approvals", "sensitive"],
    ["POST", `/allowances/${id}/redemptions`, "sensitive"],
    ["GET", "/provider-approvals/0x1", "read"],
    ["DELETE", "/anything", "write"],
  ] as const;
  for (const [method, path, expected] of cases) {
    it(`of ${method} ${path.slice(0, 24)} is ${expected}`, () => {
      expect(routeClass(method, path)).to.equal(expected);
    });
  }
});
