import { request } from "node:http";

import { expect } from "chai";
import * as fc from "fast-check";

import type { SignedAllowance } from "../../client/signedAllowance.ts";
import { parseCredits } from "../../protocol/amounts.ts";
import { apiKeySpender } from "../../protocol/spender.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import type { Answer } from "../fixtures/http.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  stackKinds,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";

const { alice, bob, provider } = wallets;
const POSTS = ["/v1/usage", "/v1/allowances", "/v1/provider-keys", "/v1/provider-access"] as const;

/** Values that programs trip over, beside any JSON at all. */
const anyValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    null,
    -1,
    -0,
    1e308,
    2 ** 53,
    0.1,
    "",
    "0x",
    "-1",
    "1e3",
    "NaN",
    "\u0000",
    "\ud800",
    "'; drop table accounts; --",
    '{"\\',
    "9".repeat(100),
    `0x${"f".repeat(64)}`,
    `0x${"F".repeat(40)}`,
    "9999-12-31T23:59:59.999999999Z",
    "0000-01-01T00:00:00+23:59",
    {},
    [[]],
  ),
);

const anyHeaders = fc.record(
  {
    "content-type": fc.constantFrom(
      "application/json",
      "application/json; charset=utf-16",
      "application/json; charset=nonsense",
      "application/cloudevents-batch+json",
      "text/plain",
      "multipart/form-data",
      "",
    ),
    "content-encoding": fc.constantFrom("identity", "gzip", "br", "deflate", "nonsense"),
  },
  { requiredKeys: [] },
);

for (const kind of stackKinds) {
  describe(`HTTP API on ${kind}, whatever is sent`, () => {
    let stack: MeteredStack;
    let key: string;
    let signed: SignedAllowance;
    /** of an account without credits: what is well-formed by chance is refused all the same */
    const spender = apiKeySpender("a spender without credits");
    let balances: unknown;

    before(async () => {
      stack = await startMeteredStack(kind);
      key = await stack.registerProvider(provider);
      await stack.buyAndWait(alice, parseCredits("100"));
      const poor = await stack.sign(bob, { spender });
      expect((await stack.request("/v1/allowances", { body: poor })).status).to.equal(201);
      await stack.context.providers.grantAccess({ spender, provider: addressOf(provider) });
      signed = await stack.sign(bob);
      balances = await stack.balances();
    });
    after(() => stack.stop());
    afterEach("no balance is another than before", async () => {
      expect(await stack.balances()).to.deep.equal(balances);
    });

    it("answers any bytes with JSON, and never with a failure of its own", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...POSTS),
          fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.string({ minLength: 1 })),
          anyHeaders,
          async (path, body, headers) => {
            expectNoFailure(await stack.request(path, { body, key, headers }));
          },
        ),
        { numRuns: 120 },
      );
    });

    it("answers any JSON with JSON, and never with a failure of its own", async () => {
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...POSTS), anyValue, async (path, value) => {
          expectNoFailure(await stack.request(path, { body: JSON.stringify(value), key }));
        }),
        { numRuns: 80 },
      );
    });

    it("refuses events in which anything is anything", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyChange(cloudEvent(spender)), { minLength: 1, maxLength: 8 }),
          async (events) => {
            const answer = await stack.request("/v1/usage", { body: JSON.stringify(events), key });
            expectNoFailure(answer);
            expect(answer.status).to.equal(200);
            expect(answer.document["outcomes"]).to.be.an("array").with.length(events.length);
          },
        ),
        { numRuns: 80 },
      );
    });

    it("refuses allowances in which anything is anything", async () => {
      const text = JSON.stringify(signed, (_key, value: unknown) =>
        typeof value === "bigint" ? `${value}` : value,
      );
      const body: object = JSON.parse(text);
      await fc.assert(
        fc.asyncProperty(anyChange(body), async (changed) => {
          expectNoFailure(await stack.request("/v1/allowances", { body: JSON.stringify(changed) }));
        }),
        { numRuns: 80 },
      );
    });

    it("answers any path and any query with JSON, and never with a failure of its own", async () => {
      const anySegment = fc.oneof(
        fc.string(),
        fc.string().map((text) => `%${text}`),
        fc.constantFrom("%00", "%ff", "%E0%A4%A", "..%2f", "__proto__", "1", "0x", "?", "'"),
        fc.constant(addressOf(alice)),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(
            "/v1/accounts/",
            "/v1/allowances/",
            "/v1/checkpoints/",
            "/v1/checkpoints?cursor=",
            "/v1/checkpoints?limit=",
            "/v1/checkpoints?limit[a]=1&",
            "/",
          ),
          anySegment,
          fc.constantFrom("", "/proof", "/allowances", "/rows", "&limit=1", "#"),
          async (start, segment, end) => {
            const path = asPath(`${start}${segment}${end}`);
            const status = await statusOf(stack.server.url, path);
            expect(status, path).to.be.within(200, 499);
          },
        ),
        { numRuns: 120 },
      );
    });
  });
}

function expectNoFailure({ status, contentType, document }: Answer): void {
  expect(status, JSON.stringify(document)).to.be.within(200, 499);
  expect(contentType).to.match(/^application\/(problem\+)?json/);
  if (status >= 400) expect(document["reason"]).to.match(/^[a-z_]+$/);
}

/** The object with one of its fields, at any depth, replaced, removed or added. */
function anyChange(original: object): fc.Arbitrary<object> {
  const names = fc.oneof(
    fc.constantFrom("extra", ...Object.keys(original)),
    fc.constantFrom("__proto__", "constructor", "toString", "extra"),
  );
  return fc.tuple(names, anyValue, fc.nat(4)).chain(([name, value, kindOfChange]) => {
    const field: unknown = Reflect.get(original, name);
    const isNested = typeof field === "object" && field !== null && !Array.isArray(field);
    if (isNested && kindOfChange > 0) {
      return anyChange(field).map((changed) => ({ ...original, [name]: changed }));
    }
    // As JSON.parse makes it: also `__proto__` is a field like others.
    const changed = Object.fromEntries(Object.entries(original).filter(([key]) => key !== name));
    if (kindOfChange > 1 || !(name in original)) {
      Object.defineProperty(changed, name, { value, enumerable: true, configurable: true });
    }
    return fc.constant(changed);
  });
}

/** What can stand in a request line: all that `fetch` would tidy up first is left as it is. */
function asPath(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/g, "~");
}

async function statusOf(url: string, path: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { hostname, port } = new URL(url);
  request({ hostname, port, path, agent: false }, (response) => {
    response.resume();
    response.once("end", () => resolve(response.statusCode ?? 0));
  })
    .once("error", reject)
    .end();
  return await promise;
}
