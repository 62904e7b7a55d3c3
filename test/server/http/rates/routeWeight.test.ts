import { expect } from "chai";

import openApi from "@compute-credits/api/openapi.json" with { type: "json" };
import { ROUTES } from "@compute-credits/api/table";
import { WEIGHTS } from "@compute-credits/api/weights";
import { weightOfRequest } from "../../../../server/http/rates/routeWeight.ts";

type Operation = Readonly<Record<string, unknown>>;
const paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> = openApi.paths;

describe("the weight of a request", () => {
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
    ["GET", "/spenders/0x1/debits", "heavyRead"],
    ["GET", "/sessions", "read"],
    ["HEAD", "/report", "heavyRead"],
    ["POST", "/Sessions/", "sensitive"],
    ["POST", "/accounts/0x1/usage", "write"],
    ["DELETE", "/anything", "write"],
  ] as const;
  for (const [method, path, expected] of cases) {
    it(`of ${method} ${path.slice(0, 24)} is ${expected}`, () => {
      expect(weightOfRequest(method, path)).to.equal(expected);
    });
  }

  it("is in the OpenAPI document, as the server counts it", () => {
    for (const route of ROUTES.filter(({ path }) => path.startsWith("/v1/"))) {
      const path = route.path.replace(/^\/v1/, "").replaceAll(/\{\w+\}/g, "x");
      const counted = weightOfRequest(route.method.toUpperCase(), path);
      const described = paths[route.path]?.[route.method]?.["x-rate-limit"];
      expect(described, route.id).to.deep.equal({
        weight: counted,
        points: WEIGHTS[counted].points,
      });
    }
  });
});
