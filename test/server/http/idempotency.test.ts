import { expect } from "chai";
import * as fc from "fast-check";

import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { answerHoldsSecret } from "../../../server/http/secretAnswer.ts";
import { fail } from "../../../server/http/problem.ts";
import { respond } from "../../../server/http/respond.ts";
import type { IdempotencyStore } from "../../../server/stores/idempotency/idempotencyStore.ts";
import { createIdempotencyStore } from "../../../server/stores/idempotency/postgresIdempotencyStore.ts";
import { databaseKinds } from "../../fixtures/databases.ts";
import { repeated } from "../../fixtures/effort.ts";
import { type Answer, expectProblem } from "../../fixtures/http.ts";
import {
  EFFECTS,
  KEY_RULES,
  type KeyedServer,
  createEffect,
  serveKeyed,
} from "../../fixtures/keyedServer.ts";
import { newLedgerDatabase } from "../../fixtures/postgresServer.ts";

const REPLAYED = "idempotency-replayed";

for (const { name, open } of databaseKinds) {
  describe(`requests with an Idempotency-Key on ${name}`, () => {
    let database: Database;
    let server: KeyedServer;
    const others: KeyedServer[] = [];

    before(async () => {
      database = await open();
      await database.script(EFFECTS);
    });
    beforeEach(async () => {
      await database.script("truncate effects, idempotency_keys restart identity");
      server = await serveKeyed(database);
    });
    afterEach(async () => {
      await Promise.all([server, ...others.splice(0)].map((each) => each.stop()));
    });
    after(() => database.close());

    async function another(options: Parameters<typeof serveKeyed>[1]): Promise<KeyedServer> {
      const other = await serveKeyed(database, options);
      others.push(other);
      return other;
    }

    async function effects(): Promise<string[]> {
      const rows = await database.query<{ body: string }>("select body from effects order by id");
      return rows.map(({ body }) => body);
    }

    /** The database's clock passes the end of every lease. */
    async function leasesEnd(): Promise<void> {
      await database.script("update idempotency_keys set leased_until = clock_timestamp()");
    }

    const keyCount = async () => (await database.query("select from idempotency_keys")).length;

    /** A server that stops for ever at a step of the store. */
    async function crashingAt(step: "after the claim" | "before the answer is kept") {
      const reached = Promise.withResolvers<void>();
      const hang = async () => {
        reached.resolve();
        await Promise.withResolvers<never>().promise;
      };
      const keys = (store: IdempotencyStore): IdempotencyStore => ({
        ...store,
        async claim(request) {
          const outcome = await store.claim(request);
          if (step === "after the claim") await hang();
          return outcome;
        },
        async finish(...args) {
          if (step === "before the answer is kept") await hang();
          await store.finish(...args);
        },
      });
      const crashing = await another({ keys });
      crashing.post({ a: 1 }).catch(() => undefined);
      await reached.promise;
    }

    it("are answered the same again, with a header that says so, and have one effect", async () => {
      const first = await server.post({ a: 1 });
      expect(first.status).to.equal(201);
      expect(first.headers.has(REPLAYED)).to.equal(false);
      const again = await server.post({ a: 1 });
      expect(again.status).to.equal(201);
      expect(again.headers.get(REPLAYED)).to.equal("true");
      expect(again.contentType).to.equal(first.contentType);
      expect(again.document).to.deep.equal(first.document);
      expect(await effects()).to.deep.equal(['{"a":1}']);
    });

    it("without a key have an effect each, and store nothing", async () => {
      await server.post({ a: 1 }, null);
      await server.post({ a: 1 }, null);
      expect(await effects()).to.have.length(2);
      expect(await keyCount()).to.equal(0);
    });

    it("with the same key and another body are refused", async () => {
      await server.post({ a: 1 }, "a key", { key: "mine" });
      const other = await server.post({ a: 2 }, "a key", { key: "mine" });
      expectProblem(other, 422, "idempotency_key_reused");
      expect(await effects()).to.have.length(1);
    });

    it("of another caller have their own effect and answer", async () => {
      const [mine, theirs] = [
        await server.post({ a: 1 }, "a key", { key: "mine" }),
        await server.post({ a: 1 }, "a key", { key: "theirs" }),
      ];
      expect(theirs.headers.has(REPLAYED)).to.equal(false);
      expect(theirs.document).not.to.deep.equal(mine.document);
      // Signed messages carry no credentials: each body is a caller of its own.
      expect((await server.post({ signature: "by me" })).status).to.equal(201);
      expect((await server.post({ signature: "by another" })).status).to.equal(201);
      expect(await effects()).to.have.length(4);
    });

    it("that were refused are refused again", async () => {
      const refusing = await another({
        handler: () => {
          throw fail(403, "not_the_spender", "It is refused by a test.");
        },
      });
      expectProblem(await refusing.post({}), 403, "not_the_spender");
      const again = await server.post({});
      expectProblem(again, 403, "not_the_spender");
      expect(again.headers.get(REPLAYED)).to.equal("true");
    });

    for (const refusal of [
      fail(401, "unknown_key", "It is refused by a test."),
      fail(429, "step_too_soon", "It is refused by a test."),
    ]) {
      it(`that were refused with ${refusal.problem.status} are handled again`, async () => {
        const refusing = await another({
          handler: () => {
            throw refusal;
          },
        });
        expect((await refusing.post({})).status).to.equal(refusal.problem.status);
        expect((await server.post({})).status).to.equal(201);
      });
    }

    it("that failed are handled again", async () => {
      const failing = await another({
        handler: () => {
          throw new Error("a bug of a test");
        },
      });
      expectProblem(await failing.post({}), 500, "internal_error");
      expect(await keyCount()).to.equal(0);
      expect((await server.post({})).status).to.equal(201);
    });

    it("that failed after their effect keep the key, and are handled again", async () => {
      const failing = await another({
        handler: async () => {
          await database.query("insert into effects (body) values ('an effect')");
          throw new Error("a bug of a test");
        },
      });
      expectProblem(await failing.post({ a: 1 }, "a key", { key: "mine" }), 500, "internal_error");
      const other = await server.post({ a: 2 }, "a key", { key: "mine" });
      expectProblem(other, 422, "idempotency_key_reused");
      expect((await server.post({ a: 1 }, "a key", { key: "mine" })).status).to.equal(201);
    });

    it("that are being handled are refused until the first is answered", async () => {
      const begun = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const effect = createEffect(database);
      const slow = await another({
        handler: async (req, res, next) => {
          begun.resolve();
          await goOn.promise;
          await effect(req, res, next);
        },
      });
      const first = slow.post({});
      await begun.promise;
      const second = await server.post({});
      expectProblem(second, 409, "idempotency_key_in_flight");
      expect(second.headers.get("retry-after")).to.equal("1");
      goOn.resolve();
      expect((await first).status).to.equal(201);
      expect((await server.post({})).document).to.deep.equal((await first).document);
      expect(await effects()).to.have.length(1);
    });

    it("answer a secret once, and then the id of what was made", async () => {
      const signIn = await another({
        handler: (_req, res) => {
          answerHoldsSecret(res, "session-1");
          respond(res, 201, { token: "ccs_secret" });
        },
      });
      expect((await signIn.post({})).document).to.deep.equal({ token: "ccs_secret" });
      const again = await signIn.post({});
      expectProblem(again, 409, "answer_not_kept");
      expect(again.document["id"]).to.equal("session-1");
      const rows = await database.query("select * from idempotency_keys");
      expect(JSON.stringify(rows, (_, value: unknown) => String(value))).not.to.include("secret");
    });

    for (const [header, value] of [
      ["Set-Cookie", "session=secret"],
      ["Cache-Control", "no-store"],
    ] as const) {
      it(`with an answer that has ${header}: ${value} are handled again`, async () => {
        const unstorable = await another({
          handler: (_req, res) => {
            res.set(header, value);
            respond(res, 201, {});
          },
        });
        await unstorable.post({});
        expect((await unstorable.post({})).headers.has(REPLAYED)).to.equal(false);
      });
    }

    it("with an answer that is too long to keep are handled again", async () => {
      const long = await another({
        handler: async (_req, res) => {
          await database.query("insert into effects (body) values ($1)", ["long"]);
          respond(res, 201, { text: "x".repeat(300 * 1_024) });
        },
      });
      expect((await long.post({})).status).to.equal(201);
      expect((await long.post({})).headers.has(REPLAYED)).to.equal(false);
    });

    it("have a bounded number of keys for each holder, and old ones are deleted", async () => {
      for (let n = 0; n < KEY_RULES.maxKeys; n++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect((await server.post({ n }, `key ${n}`)).status).to.equal(201);
      }
      expectProblem(await server.post({}, "one more"), 429, "too_many_idempotency_keys");
      expect(await effects()).to.have.length(KEY_RULES.maxKeys);
      expect((await server.post({ n: 0 }, "key 0")).headers.get(REPLAYED)).to.equal("true");

      const store = createIdempotencyStore(database, KEY_RULES);
      expect(await store.deleteOld(10)).to.equal(0);
      await database.script(
        "update idempotency_keys set created_at = clock_timestamp() - interval '61 seconds'",
      );
      expect(await store.deleteOld(2)).to.equal(2);
      expect(await store.deleteOld(10)).to.equal(KEY_RULES.maxKeys - 2);
      expect((await server.post({}, "one more")).status).to.equal(201);
    });

    describe("when a server crashes", () => {
      it("before the effect: another server handles the request, once the lease is over", async () => {
        await crashingAt("after the claim");
        expectProblem(await server.post({ a: 1 }), 409, "idempotency_key_in_flight");
        expect(await effects()).to.have.length(0);
        await leasesEnd();
        const answer = await server.post({ a: 1 });
        expect(answer.status).to.equal(201);
        expect((await server.post({ a: 1 })).document).to.deep.equal(answer.document);
        expect(await effects()).to.have.length(1);
      });

      it("after the effect: the key is known to be used, and the request is handled again", async () => {
        await crashingAt("before the answer is kept");
        expect(await effects()).to.have.length(1);
        expect(await database.query("select applied, status from idempotency_keys")).to.deep.equal([
          { applied: true, status: null },
        ]);
        expectProblem(await server.post({ a: 1 }), 409, "idempotency_key_in_flight");
        await leasesEnd();
        expect((await server.post({ a: 1 })).headers.has(REPLAYED)).to.equal(false);
        expect((await server.post({ a: 1 })).headers.get(REPLAYED)).to.equal("true");
      });

      it("only slowly: its effect is refused after another server took over", async () => {
        const begun = Promise.withResolvers<void>();
        const goOn = Promise.withResolvers<void>();
        const effect = createEffect(database);
        const slow = await another({
          handler: async (req, res, next) => {
            begun.resolve();
            await goOn.promise;
            await effect(req, res, next);
          },
        });
        const late = slow.post({ a: 1 });
        await begun.promise;
        await leasesEnd();
        const answer = await server.post({ a: 1 });
        expect(answer.status).to.equal(201);
        goOn.resolve();
        expectProblem(await late, 409, "idempotency_key_in_flight");
        expect(await effects()).to.have.length(1);
        expect((await server.post({ a: 1 })).document).to.deep.equal(answer.document);
      });
    });
  });
}

describe("two servers with the same Idempotency-Keys", () => {
  it("whatever the order: give each key one effect and one answer", async () => {
    const url = await newLedgerDatabase();
    const databases = await Promise.all([openPgDatabase(url, 10), openPgDatabase(url, 10)]);
    const [database] = databases;
    await database.script(EFFECTS);
    const servers = await Promise.all(databases.map((each) => serveKeyed(each)));
    const request = fc.record({
      server: fc.nat(1),
      key: fc.constantFrom("a", "b", "c"),
      body: fc.constantFrom({ a: 1 }, { a: 2 }),
    });
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), async (requests) => {
          await database.script("truncate effects, idempotency_keys restart identity");
          const answers = await Promise.all(
            requests.map(async (each) => ({
              ...each,
              answer: await untilAnswered(() =>
                servers[each.server]?.post(each.body, each.key, { key: "mine" }),
              ),
            })),
          );
          const rows = await database.query<{ id: number }>("select id from effects");
          const keys = new Set(requests.map(({ key }) => key));
          expect(rows).to.have.length(keys.size);
          for (const key of keys) {
            const ofKey = answers.filter((each) => each.key === key);
            const done = ofKey.filter(({ answer }) => answer.status === 201);
            expect(new Set(done.map(({ body }) => body.a)).size).to.equal(1);
            expect(new Set(done.map(({ answer }) => answer.document["id"])).size).to.equal(1);
            expect(
              done.filter(({ answer }) => !answer.headers.has(REPLAYED)),
              "handled",
            ).to.have.length(1);
            for (const { body, answer } of ofKey) {
              if (body.a !== done[0]?.body.a) expectProblem(answer, 422, "idempotency_key_reused");
            }
          }
        }),
        { numRuns: repeated(40) },
      );
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
      await Promise.all(databases.map((each) => each.close()));
    }
  });
});

/** Sends a request again while its key is in flight. */
async function untilAnswered(post: () => Promise<Answer> | undefined): Promise<Answer> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- until the other request is answered
    const answer = await post();
    if (answer === undefined) throw new Error("no such server");
    if (answer.document["reason"] !== "idempotency_key_in_flight") return answer;
  }
}
