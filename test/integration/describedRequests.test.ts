import { readFile } from "node:fs/promises";

import * as fc from "fast-check";
import { expect } from "chai";
import { z } from "zod";

import { parseCredits } from "@compute-credits/protocol/amounts";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { wallets } from "../../scripts/local/wallets.ts";
import { type Schema, SchemaField, anyOfSchema } from "../fixtures/anyOfSchema.ts";
import { repeated } from "../fixtures/effort.ts";
import {
  type MeteredStack,
  addressOf,
  stackKinds,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";

const { alice, bob, provider } = wallets;

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
    let keys: readonly (string | undefined)[];
    /** ids that exist, of accounts without credits: nothing valid by chance spends any */
    let known: readonly string[];
    let balances: unknown;

    before(async () => {
      stack = await startMeteredStack(kind);
      const key = await stack.registerProvider(provider);
      await stack.buyAndWait(alice, parseCredits("100"));
      const spenderKey = "a spender without credits";
      const spender = apiKeySpender(spenderKey);
      const campaign = await stack.store(await stack.sign(bob, { spender }));
      await stack.context.providers.grantAccess({ spender, provider: addressOf(provider) });
      const issuingKey = await stack.registerIssuingKey(bob);
      keys = [undefined, key, spenderKey, issuingKey];
      known = [campaign, spender, addressOf(bob), addressOf(provider), "1", "operator"];
      balances = await stack.balances();
    });
    after(() => stack.stop());

    it("never answers with a server error, and changes no balance", async () => {
      // Made once: to make an arbitrary text of a pattern takes longer than a request.
      const requests = operations.map(anyRequest);
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(...requests),
          fc.nat(),
          async ({ id, method, path, body, type }, nth) => {
            const bearer = keys[nth % keys.length];
            const answer = await stack.request(path, {
              method: method.toUpperCase(),
              ...(body === undefined ? {} : { body: JSON.stringify(body) }),
              ...(bearer === undefined ? {} : { key: bearer }),
              headers: { "content-type": type },
            });
            expect(answer.status, `${id} ${path} ${JSON.stringify(answer.document)}`).to.satisfy(
              (status: number) => status < 500 || MAY_BE_503.has(id) || status === 501,
            );
          },
        ),
        { numRuns: repeated(400) * LENGTH },
      );
      expect(await stack.balances()).to.deep.equal(balances);
    });

    function anyRequest({
      path,
      method,
      operation,
    }: (typeof operations)[number]): fc.Arbitrary<Described> {
      const parameters = operation.parameters.flatMap((one) => ("schema" in one ? [one] : []));
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

/** `DESCRIBED_REQUESTS=250` sends 100,000. */
const LENGTH = Number(process.env["DESCRIBED_REQUESTS"] ?? 1);

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
