import { readFile } from "node:fs/promises";

import * as fc from "fast-check";
import { expect } from "chai";
import type { Address } from "viem";
import { z } from "zod";

import { parseCredits } from "@compute-credits/protocol/amounts";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { wallets } from "../../scripts/local/wallets.ts";
import { type Schema, SchemaField, anyOfSchema } from "../fixtures/anyOfSchema.ts";
import { repeated } from "../fixtures/effort.ts";
import { openSession } from "../fixtures/openSession.ts";
import type { Headers } from "../fixtures/privateThings.ts";
import {
  type MeteredStack,
  addressOf,
  stackKinds,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";

const { alice, bob, provider, operator, signer } = wallets;

const Parameter = z.object({
  in: z.enum(["path", "query"]),
  name: z.string(),
  schema: SchemaField,
});

const Operation = z.object({
  operationId: z.string(),
  parameters: z
    .array(z.union([Parameter, z.object({ in: z.enum(["header", "cookie"]) })]))
    .default([]),
  requestBody: z
    .object({ content: z.record(z.string(), z.object({ schema: SchemaField })) })
    .optional(),
});

const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), SchemaField) }),
});

const { paths, components } = Document.parse(
  JSON.parse(await readFile(new URL("../../packages/api/openapi.json", import.meta.url), "utf8")),
);

/** A request that the document describes. */
interface Described {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly type: string;
}

/** The headers with which somebody calls. */
type Caller = (isEnded: boolean) => Promise<Headers>;

function always(headers: Headers): Caller {
  return async () => await Promise.resolve(headers);
}

function bearer(key: string): Headers {
  return { authorization: `Bearer ${key}` };
}

const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

function named(ref: string): Schema {
  const schema = components.schemas[ref.replace("#/components/schemas/", "")];
  if (schema === undefined) throw new Error(`the document has no ${ref}`);
  return schema;
}

for (const kind of stackKinds) {
  describe(`HTTP API on ${kind} with requests that openapi.json describes`, () => {
    let stack: MeteredStack;
    let callers: readonly Caller[];
    /** ids that exist, of accounts without credits: nothing valid by chance spends any */
    let known: readonly string[];
    let balances: unknown;
    let busy = 0;

    before(async () => {
      stack = await startMeteredStack(kind, {
        environment: { OPERATORS: addressOf(operator) },
      });
      await stack.context.approvals.decide({
        provider: addressOf(provider),
        approved: true,
        issuedAt: 1n,
        operator: addressOf(operator),
        signature: "0x00",
      });
      const key = await stack.registerProvider(provider);
      await stack.buyAndWait(alice, parseCredits("100"));
      const spenderKey = "a spender without credits";
      const spender = apiKeySpender(spenderKey);
      const campaign = await stack.store(await stack.sign(bob, { spender }));
      await stack.context.providers.grantAccess({ spender, provider: addressOf(provider) });
      const bobs = addressOf(bob);
      const [issuingKey, viewKey] = [
        await stack.registerIssuingKey(bob),
        await stack.viewKeyOf(bobs),
      ];
      callers = [
        always({}),
        ...[key, spenderKey, issuingKey, viewKey].map((one) => always(bearer(one))),
        ...(await Promise.all([bobs, addressOf(operator)].map(sessionOf))),
        always(await stack.readAs(signer)),
      ];
      known = [campaign, spender, bobs, addressOf(provider), "1", "operator"];
      balances = await stack.balances();
    });
    after(() => stack.stop());

    it("never answers with a server error, and changes no balance", async () => {
      // Made once: to make an arbitrary text of a pattern takes longer than a request.
      const request = fc.tuple(fc.oneof(...operations.map(anyRequest)), fc.nat());
      await fc.assert(
        fc.asyncProperty(
          fc.array(request, { minLength: AT_ONCE, maxLength: AT_ONCE }),
          async (requests) => {
            await Promise.all(requests.map(([described, nth]) => sendAsAnyone(described, nth)));
          },
        ),
        { numRuns: (repeated(400) * LENGTH) / AT_ONCE },
      );
      expect(await stack.balances()).to.deep.equal(balances);
      expect(busy, "requests that met a bound").to.be.below((repeated(400) * LENGTH) / 50);
    });

    /** The session of a wallet; another one once a request has ended it. */
    async function sessionOf(wallet: Address): Promise<Caller> {
      const open = async () => bearer(await openSession(stack.context.callers.sessions, wallet));
      let headers = await open();
      return async (isEnded) => (isEnded ? (headers = await open()) : headers);
    }

    /** Sends a request with the nth of the credentials, and expects no server error. */
    async function sendAsAnyone(
      { id, method, path, body, type }: Described,
      nth: number,
    ): Promise<void> {
      const caller = callers[nth % callers.length] ?? always({});
      const answer = await stack.request(path, {
        method: method.toUpperCase(),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: { ...(await caller(false)), "content-type": type },
      });
      const { reason } = answer.document;
      if (reason === "unknown_session") await caller(true);
      if (BUSY.has(reason) && answer.headers.has("retry-after")) {
        busy++;
        return;
      }
      expect(answer.status, `${id} ${path} ${JSON.stringify(answer.document)}`).to.satisfy(
        (status: number) => status < 500 || MAY_BE_503.has(id) || status === 501,
      );
    }

    function anyRequest({
      path,
      method,
      operation,
    }: (typeof operations)[number]): fc.Arbitrary<Described> {
      // An auditor that has seen what the log lacks stops metering, as it should.
      const parameters = operation.parameters.flatMap((one) =>
        "schema" in one && one.name !== "seen" ? [one] : [],
      );
      const values = fc.tuple(
        ...parameters.map(({ in: place, schema }) => {
          const described = anyOfSchema(schema, named).map(String);
          if (place === "query") return fc.option(described, { nil: undefined });
          return fc.oneof(
            described,
            fc.nat(100).map((nth) => known[nth % known.length] ?? ""),
          );
        }),
      );
      const [type = "application/json", content] =
        Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
      const body =
        content === undefined ? fc.constant(undefined) : anyOfSchema(content.schema, named);
      return fc.tuple(values, body).map(([given, sent]) => ({
        id: operation.operationId,
        method,
        path: fill(path, parameters, given),
        body: sent,
        type,
      }));
    }
  });
}

/** Requests under way at one time: a single one leaves the server idle while the database works. */
const AT_ONCE = 8;

/** `DESCRIBED_REQUESTS=250` sends 100,000. */
const LENGTH = Number(process.env["DESCRIBED_REQUESTS"] ?? 1);

/** What a bound of the server refuses, for as long as it is reached. */
const BUSY: ReadonlySet<unknown> = new Set([
  "too_many_chain_calls",
  "too_many_reads",
  "too_many_signature_checks",
]);

/** Readiness says so itself, and the report waits for the chain. */
const MAY_BE_503 = new Set([
  "getReadiness",
  "getMeteringReadiness",
  "getChainReadiness",
  "getReport",
]);

function fill(
  path: string,
  parameters: readonly z.output<typeof Parameter>[],
  values: readonly (string | undefined)[],
): string {
  let filled = path;
  const query = new URLSearchParams();
  for (const [index, { in: place, name }] of parameters.entries()) {
    const value = values[index];
    if (place === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(value || "0"));
    else if (value !== undefined) query.append(name, value);
  }
  return query.size === 0 ? filled : `${filled}?${query.toString()}`;
}
