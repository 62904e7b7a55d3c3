import { readFile, readdir } from "node:fs/promises";
import { request } from "node:http";

import { expect } from "chai";
import * as fc from "fast-check";

import { addViewKey } from "@compute-credits/api/keys/viewKeys";
import { addTopUpPolicy } from "@compute-credits/api/topups/topUps";
import { signIn } from "@compute-credits/api/sessions/sessions";
import { createWebhook, replayWebhook } from "@compute-credits/api/webhooks/webhooks";
import { ROUTES as DESCRIBED } from "@compute-credits/api/table";
import { jsonText } from "@compute-credits/protocol/jsonText";
import type { SignedAllowance } from "@compute-credits/client/wallet/signedAllowance";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { logAccessTypedData } from "@compute-credits/protocol/messages/logAccess";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { wallets } from "../../scripts/local/wallets.ts";
import type { Answer } from "../fixtures/http.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  stackKinds,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";
import { propertyRuns, repeated } from "../fixtures/effort.ts";

const { alice, bob, provider } = wallets;

interface Route {
  readonly method: string;
  readonly path: string;
}
/** The routes of the table, and those that the source still declares itself. */
const ROUTES = [...describedRoutes(), ...(await routesInSource())];
const POSTS = ROUTES.filter(({ method }) => method === "POST").map(({ path }) => path);

/** Values that often break programs, besides arbitrary JSON. */
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
  describe(`HTTP API on ${kind} with arbitrary requests`, () => {
    let stack: MeteredStack;
    let key: string;
    let signed: SignedAllowance;
    /** its account has no credits, so that requests that are valid by chance spend nothing */
    const spender = apiKeySpender("a spender without credits");
    let balances: unknown;
    /** of an account without credits, too */
    let campaign: string;
    let issuingKey: string;

    before(async () => {
      stack = await startMeteredStack(kind);
      key = await stack.registerProvider(provider);
      await stack.buyAndWait(alice, parseCredits("100"));
      const poor = await stack.sign(bob, { spender });
      await stack.store(poor);
      await stack.context.providers.grantAccess({ spender, provider: addressOf(provider) });
      signed = await stack.sign(bob);
      const poorCampaign = await stack.sign(bob);
      campaign = await stack.store(poorCampaign);
      issuingKey = await stack.registerIssuingKey(bob);
      balances = await stack.balances();
    });
    after(() => stack.stop());
    afterEach("no balance has changed", async () => {
      expect(await stack.balances()).to.deep.equal(balances);
    });

    it("has a valid body for each of the server's routes", () => {
      expect(ROUTES.length).to.be.at.least(40);
      expect(POSTS.filter((path) => !(path in goodBodies()))).to.deep.equal([]);
    });

    it("answers arbitrary bytes with JSON and never with a server error", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...POSTS).chain(anyPathOf),
          fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.string({ minLength: 1 })),
          anyHeaders,
          async (path, body, headers) => {
            expectNoFailure(await stack.request(path, { body, key, headers }));
          },
        ),
        { numRuns: propertyRuns(200) },
      );
    });

    it("answers arbitrary JSON with JSON and never with a server error", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...POSTS).chain(anyPathOf),
          anyValue,
          async (path, value) => {
            expectNoFailure(await stack.request(path, { body: JSON.stringify(value), key }));
          },
        ),
        { numRuns: propertyRuns(200) },
      );
    });

    it("answers nearly valid bodies on every route and never with a server error", async () => {
      const bodies = goodBodies();
      const anyRequest = fc
        .constantFrom(...POSTS)
        .chain((route) => fc.tuple(anyPathOf(route), anyChange(bodies[route] ?? {})));
      await fc.assert(
        fc.asyncProperty(
          anyRequest,
          fc.constantFrom(key, issuingKey),
          async ([path, body], bearer) => {
            expectNoFailure(await stack.request(path, { body: JSON.stringify(body), key: bearer }));
          },
        ),
        { numRuns: propertyRuns(400) },
      );
    });

    it("answers arbitrary queries on every route and never with a server error", async () => {
      const gets = ROUTES.filter(({ method }) => method === "GET").map(({ path }) => path);
      const anyQueryValue = fc.oneof(anyText(), anyNearlyValidQuery);
      const anyQuery = fc.array(fc.tuple(fc.constantFrom(...QUERY_NAMES), anyQueryValue), {
        maxLength: 4,
      });
      const issuedAt = BigInt(Math.floor(Date.now() / 1000));
      const reader = addressOf(wallets.signer);
      const access = logAccessTypedData(stack.deployment, { reader, issuedAt });
      const signature = await wallets.signer.account.signTypedData(access);
      const credentials = [
        `Bearer ${key}`,
        `Bearer ${issuingKey}`,
        "Bearer a spender without credits",
        `LogAccess ${reader} ${issuedAt} ${signature}`,
      ];
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...gets).chain(anyPathOf),
          anyQuery,
          fc.constantFrom("application/json", "text/csv", "*/*"),
          fc.constantFrom(...credentials),
          async (path, query, accept, authorization) => {
            const text = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
            const target = asPath(`${path}?${text.join("&")}`);
            const headers = { accept, authorization };
            const { status } = await stack.request(target, { headers });
            expect(status, target).to.be.within(200, 499);
          },
        ),
        { numRuns: propertyRuns(500) },
      );
    });

    /** Bodies that are valid apart from their signatures. None of them spends credits. */
    function goodBodies(): Readonly<Record<string, object>> {
      const bytes = `0x${"12".repeat(32)}`;
      const signature = `0x${"34".repeat(65)}`;
      const address = addressOf(bob);
      const source = addressOf(provider);
      const work = { meter: "requests", quantity: 1, dimensions: {} };
      const terms = { limit: "5", period: 0, rollover: "1", priority: 3, scope: null };
      return {
        "/v1/checkpoints/:epoch/signatures": { root: bytes, signer: address, signature },
        "/v1/receipts/:provider/signatures": {
          earned: "1",
          epoch: "1",
          signer: address,
          signature,
        },
        "/v1/usage": cloudEvent(spender),
        "/v1/voids": { eventId: "an event" },
        "/v1/receipts": {},
        "/v1/holds": { id: "hold", spender, ...work, ttlSeconds: 60, quote: null },
        "/v1/holds/:id/captures": { eventId: "event", quantity: "1", final: true },
        "/v1/holds/:id/extensions": {
          id: "more",
          ttlSeconds: 60,
          lines: [{ id: "main", quantity: "1" }],
        },
        "/v1/holds/:id/release": {},
        "/v1/allowances": asJson(signed),
        "/v1/allowances/:id/revocation": { signature },
        "/v1/allowances/:id/grants": {
          grants: [{ id: "grant", spender, ...terms, startsAt: null, expiresAt: "99999999999" }],
        },
        "/v1/allowances/:id/codes": {
          codes: [{ codeHash: bytes, ...terms, maxRedemptions: 2, redeemBy: 0, validSeconds: 60 }],
        },
        "/v1/allowances/:id/codes/:codeHash/closure": {},
        "/v1/allowances/:id/redemptions": { code: "a code", spender },
        "/v1/allowances/:id/rule": {
          ...terms,
          kind: "first_purchase",
          atLeastMicros: "7",
          maxGrants: 2,
          claimBy: 0,
          validSeconds: 60,
        },
        "/v1/allowances/:id/rule/closure": {},
        "/v1/allowances/:id/claims": { account: address, signedAt: 1, signature },
        "/v1/issuing-keys": { account: address, keyHash: bytes, counter: 0, signature },
        "/v1/issuing-keys/:keyHash/revocation": {
          account: address,
          revokesGrants: true,
          signature,
        },
        "/v1/acceptances": { account: address, spender: address, signedAt: 1, signature },
        "/v1/acceptances/end": { account: address, spender: address, signedAt: 1, signature },
        "/v1/provider-approvals": {
          provider: address,
          approved: false,
          issuedAt: 1,
          operator: addressOf(wallets.operator),
          signature,
        },
        "/v1/meter-keys": { provider: address, meterKey: address, signature },
        "/v1/meter-keys/:meterKey/revocation": { provider: address, signature },
        "/v1/profiles": {
          provider: address,
          name: "North GPU",
          endpoints: ["https://gpu.example/v1"],
          regions: ["eu-north-1"],
          hardware: ["8 x H100 SXM"],
          terms: "https://gpu.example/terms",
          listed: true,
          issuedAt: 1,
          signature,
        },
        "/v1/accounts/:address/deposit-address": {},
        "/v1/accounts/:address/top-ups": addTopUpPolicy.exampleBody,
        "/v1/accounts/:address/top-ups/:policy/stop": {},
        "/v1/keys/:keyHash/label": { label: "a label" },
        "/v1/keys/:keyHash/replacement": { by: bytes, overlapSeconds: 60 },
        "/v1/keys/:keyHash/revocation": {},
        "/v1/view-keys": { ...addViewKey.exampleBody, label: "a label" },
        "/v1/view-keys/:keyHash/revocation": { account: address, signature },
        "/v1/sessions/nonce": {},
        "/v1/sessions": { ...signIn.exampleBody, as: "cookie", label: "a label" },
        "/v1/sessions/revocation": {},
        "/v1/sessions/:id/revocation": {},
        "/v1/provider-keys": { provider: address, keyHash: bytes, signature },
        "/v1/provider-keys/:keyHash/revocation": { provider: address, signature },
        "/v1/provider-access": { spender: address, signature },
        "/v1/provider-access/revocation": { provider: source, spender: address, signature },
        "/v1/rate-cards": {
          rates: [{ meter: "own", dimensions: {}, microCredits: "1", perUnits: "3" }],
        },
        "/v1/previews": { spender, measurements: [work] },
        "/v1/prices": { provider: source, account: address, measurements: [work] },
        "/v1/quotes": { provider: source, account: address, ...work, ttlSeconds: 60 },
        "/v1/utilisation": { meter: "requests", dimensions: {}, utilisationBps: 5_000 },
        "/v1/webhooks": { ...createWebhook.exampleBody, owner: { party: "account", address } },
        "/v1/webhooks/:id": { enabled: false },
        "/v1/webhooks/:id/deletion": {},
        "/v1/webhooks/:id/rotation": { overlapSeconds: 60 },
        "/v1/webhooks/:id/replay": replayWebhook.exampleBody,
        "/v1/webhooks/:id/test": {},
      };
    }

    /** Fills a route's parameters, sometimes with existing values. */
    function anyPathOf(path: string): fc.Arbitrary<string> {
      const anyParameter = fc.oneof(
        fc.constantFrom(campaign, addressOf(alice), addressOf(provider), "1", "operator"),
        anyText().map((text) => encodeURIComponent(text.toWellFormed())),
      );
      return fc
        .array(anyParameter, { minLength: 4, maxLength: 4 })
        .map((values) => path.replaceAll(/:\w+/g, () => values.shift() || "0"));
    }

    it("refuses events with arbitrary fields", async () => {
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
        { numRuns: repeated(80) },
      );
    });

    it("refuses allowances with arbitrary fields", async () => {
      await fc.assert(
        fc.asyncProperty(anyChange(asJson(signed)), async (changed) => {
          expectNoFailure(await stack.request("/v1/allowances", { body: JSON.stringify(changed) }));
        }),
        { numRuns: repeated(80) },
      );
    });

    it("answers arbitrary paths and queries with JSON and never with a server error", async () => {
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
        { numRuns: propertyRuns(120) },
      );
    });
  });
}

/** Names of query parameters. */
const QUERY_NAMES = [
  "limit",
  "cursor",
  "from",
  "to",
  "groupBy",
  "meter",
  "spender",
  "provider",
  "eventId",
  "before",
  "after",
  "since",
  "upTo",
  "extra",
  "limit[a]",
  "kinds",
] as const;

/** Values of the forms that queries have. */
const anyNearlyValidQuery = fc
  .tuple(
    fc.constantFrom("a", "a-a", "a:a:", "a:a:a", "a:a:a,a", "2026-a-aT00:00:00Z"),
    fc.array(fc.bigInt({ min: 0n, max: 2n ** 65n }), { minLength: 4, maxLength: 4 }),
    fc.array(fc.nat(12), { minLength: 4, maxLength: 4 }),
    fc.boolean(),
  )
  .map(([form, large, small, isSmall]) => {
    const numbers = (isSmall ? small : large).map(String);
    return form.replaceAll("a", () => numbers.pop() ?? "0");
  });

function anyText(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ minLength: 1 }),
    fc.constantFrom("0", "1", "-1", "1e3", "%", "..", "\u0000", "2026-11-22T00:00:00Z", "day"),
    fc.constantFrom("9".repeat(40), `0x${"ab".repeat(32)}`, `0x${"ab".repeat(20)}`, "__proto__"),
  );
}

/** The JSON in a request. */
function asJson(body: object): object {
  const text = jsonText(body);
  const sent: object = JSON.parse(text);
  return sent;
}

/** The routes of the table, in Express's form. */
function describedRoutes(): Route[] {
  return DESCRIBED.map(({ method, path }) => ({
    method: method.toUpperCase(),
    path: path.replaceAll(/\{(\w+)\}/g, ":$1"),
  }));
}

/** Reads the routes that the server's source declares without the table. */
async function routesInSource(): Promise<Route[]> {
  const folder = new URL("../../server/routes/", import.meta.url);
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".ts"));
  const sources = await Promise.all(files.map((name) => readFile(new URL(name, folder), "utf8")));
  return sources.flatMap((source) =>
    [...source.matchAll(/router\.(get|post|put|patch|delete)\(\s*"([^"]+)"/g)].map(
      ([, method = "", path = ""]) => ({
        method: method.toUpperCase(),
        path: path.endsWith("z") ? path : `/v1${path}`,
      }),
    ),
  );
}

function expectNoFailure({ status, contentType, document }: Answer): void {
  expect(status, JSON.stringify(document)).to.be.within(200, 499);
  expect(contentType).to.match(/^application\/(problem\+)?json/);
  if (status >= 400) expect(document["reason"]).to.match(/^[a-z_]+$/);
}

/** Replaces, removes or adds one field of an object at any depth. */
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
    // Like JSON.parse, which treats `__proto__` as an ordinary field.
    const changed = Object.fromEntries(Object.entries(original).filter(([key]) => key !== name));
    if (kindOfChange > 1 || !(name in original)) {
      Object.defineProperty(changed, name, { value, enumerable: true, configurable: true });
    }
    return fc.constant(changed);
  });
}

/** Sends the path unchanged, which `fetch` would normalise. */
function asPath(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/g, "~");
}

async function statusOf(url: string, path: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { hostname, port } = new URL(url);
  request({ hostname, port, path, agent: false }, (response) => {
    response.resume();
    response.once("close", () => resolve(response.statusCode ?? 0));
    // A stream has no end.
    if (response.headers["content-type"] === "text/event-stream") response.destroy();
  })
    .once("error", reject)
    .end();
  return await promise;
}
