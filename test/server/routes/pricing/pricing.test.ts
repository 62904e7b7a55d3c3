import { expect } from "chai";
import { type Address, zeroAddress } from "viem";

import { databaseKinds } from "../../../fixtures/databases.ts";
import { type RequestOptions, expectProblem } from "../../../fixtures/http.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../../fixtures/ledgerServer.ts";
import { dynamicRate, fixedRate, insertCard, tieredRate } from "../../../fixtures/rates.ts";

const rate = { meter: "units", dimensions: {}, microCredits: "7", perUnits: "2" };
const tiers = [
  { upTo: "10", microCredits: "5" },
  { upTo: null, microCredits: "3" },
];
const graduated = { kind: "graduated", meter: "storage", dimensions: {}, perUnits: "1", tiers };

for (const { name, open } of databaseKinds) {
  describe(`the pricing API on ${name}`, () => {
    let ledger: Ledger;
    let server: LedgerServer;
    let parties = 30_000;

    before(async () => {
      ledger = await openLedger(await open());
      await insertCard(ledger.database, {
        effectiveFrom: new Date("2020-02-01"),
        rates: [
          fixedRate(),
          tieredRate(
            "graduated",
            [
              [10n, 5n],
              [null, 3n],
            ],
            { meter: "graduated" },
          ),
          tieredRate(
            "volume",
            [
              [10n, 5n],
              [null, 3n],
            ],
            { meter: "volume" },
          ),
          dynamicRate({ stepSeconds: 3_600 }, { meter: "dynamic", microCredits: 100n }),
          fixedRate({ meter: "dear", microCredits: 2n ** 62n }),
        ],
      });
      server = await serveLedger(ledger, {
        maxRatesPerCard: 3,
        maxTiersPerRate: 2,
        maxPriceMeasurements: 4,
      });
    });
    after(async () => {
      await server.stop();
      await ledger.database.close();
    });

    async function newProvider(): Promise<{ provider: Address; key: string }> {
      const provider = party(++parties);
      return { provider, key: await server.keyOf(provider) };
    }

    const publish = (key: string, body: unknown) => server.request("/v1/rate-cards", { key, body });

    /** Prices as anyone, or with the provider's key. */
    const preview = (body: object, parts: RequestOptions = {}) =>
      server.request("/v1/prices", { body, ...parts });

    const report = (key: string, fields: object = {}) =>
      server.request("/v1/utilisation", {
        key,
        body: { meter: "dynamic", utilisationBps: 10_000, ...fields },
      });

    context("POST /v1/rate-cards", () => {
      it("publishes a provider's first card at once, and shows it to everybody", async () => {
        const { provider, key } = await newProvider();
        const answer = await publish(key, { rates: [rate, graduated] });
        expect(answer.status).to.equal(201);
        expect(answer.document).to.deep.include({ provider });
        const { version } = answer.document;
        expect(answer.document["rates"]).to.deep.equal([
          { ...rate, kind: "fixed", rateKey: `${provider}:units` },
          { ...graduated, rateKey: `${provider}:storage` },
        ]);
        const shown = await server.request(`/v1/rate-cards?provider=${provider}`);
        expect(shown.document).to.deep.equal({ rateCards: [answer.document], nextCursor: null });
        const one = await server.request(`/v1/rate-cards/${text(version)}`);
        expect(one.document).to.deep.equal(answer.document);
      });

      it("prices the provider's events with it from then on, and names it", async () => {
        const { provider, key } = await newProvider();
        const account = party(++parties);
        await ledger.purchase(account, "1");
        const { message } = await ledger.allow(account);
        await ledger.grantAccess(message.spender, provider);
        const { document } = await publish(key, { rates: [rate] });
        const [outcome] = await ledger.usage.record([
          usageEvent({ provider, spender: message.spender, quantity: 3n }),
        ]);
        expect(outcome).to.deep.include({
          costMicros: 11n,
          rateCardVersion: document["version"],
        });
      });

      it("answers the same card again with the version that there is", async () => {
        const { key } = await newProvider();
        const first = await publish(key, { rates: [rate] });
        const again = await publish(key, { rates: [{ ...rate, kind: "fixed" }] });
        expect([first.status, again.status]).to.deep.equal([201, 200]);
        expect(again.document).to.deep.equal(first.document);
      });

      it("publishes the next for later, and never changes what is published", async () => {
        const { provider, key } = await newProvider();
        await publish(key, { rates: [rate] });
        const next = { rates: [{ ...rate, microCredits: "8" }] };
        const soon = await publish(key, { ...next, effectiveFrom: inSeconds(30) });
        expectProblem(soon, 422, "effective_from_too_soon");
        expect(soon.document).to.include({ pointer: "#/effectiveFrom" });
        const past = await publish(key, { ...next, effectiveFrom: "2026-01-01T00:00:00Z" });
        expectProblem(past, 409, "effective_from_not_after_newest");
        const far = await publish(key, { ...next, effectiveFrom: "2999-01-01T00:00:00Z" });
        expectProblem(far, 422, "effective_from_too_late");
        const later = await publish(key, { ...next, effectiveFrom: inSeconds(3_600) });
        expect(later.status).to.equal(201);
        const shown = await server.request(`/v1/rate-cards?provider=${provider}&limit=1`);
        expect(shown.document["rateCards"]).to.deep.equal([later.document]);
        expect(shown.document["nextCursor"]).to.equal(text(later.document["version"]));
      });

      it("lets no more cards wait than may", async () => {
        const { key } = await newProvider();
        for (const minute of [10, 20, 30]) {
          // oxlint-disable-next-line no-await-in-loop -- in this order
          const { status } = await publish(key, {
            effectiveFrom: inSeconds(minute * 60),
            rates: [{ ...rate, microCredits: `${minute}` }],
          });
          expect(status).to.equal(201);
        }
        const answer = await publish(key, { effectiveFrom: inSeconds(9_000), rates: [] });
        expectProblem(answer, 409, "too_many_pending_rate_cards");
      });

      it("names every mistake in the rates, with its reason and place", async () => {
        const { provider, key } = await newProvider();
        const falling = [
          { upTo: "5", microCredits: "1" },
          { upTo: "5", microCredits: "1" },
        ];
        const answer = await publish(key, {
          rates: [rate, { ...graduated, tiers: falling }, rate],
        });
        expectProblem(answer, 422, "invalid_rate_card");
        const errors = answer.document["errors"];
        expect(errors).to.be.an("array");
        expect(
          Array.isArray(errors) && errors.map(({ reason, pointer }) => [reason, pointer]),
        ).to.deep.equal([
          ["last_tier_bounded", "#/rates/1/tiers/1/upTo"],
          ["ambiguous_rates", "#/rates/2"],
        ]);
        const shown = await server.request(`/v1/rate-cards?provider=${provider}`);
        expect(shown.document["rateCards"]).to.deep.equal([]);
      });

      for (const [what, body, pointer] of [
        ["no rates", {}, "#/rates"],
        ["too many rates", { rates: [rate, rate, rate, rate] }, "#/rates"],
        [
          "a price as a number",
          { rates: [{ ...rate, microCredits: 7 }] },
          "#/rates/0/microCredits",
        ],
        ["an unknown kind", { rates: [{ ...rate, kind: "auction" }] }, "#/rates/0/kind"],
        [
          "too many tiers",
          { rates: [{ ...graduated, tiers: [...tiers, ...tiers] }] },
          "#/rates/0/tiers",
        ],
        [
          "a date without zone",
          { rates: [], effectiveFrom: "2026-11-22T12:00:00" },
          "#/effectiveFrom",
        ],
        ["somebody else's name", { rates: [], provider: zeroAddress }, "#/"],
      ] as const) {
        it(`refuses ${what}, and points at it`, async () => {
          const { key } = await newProvider();
          const answer = await publish(key, body);
          expectProblem(answer, 400, "invalid_request");
          const errors = answer.document["errors"];
          expect(Array.isArray(errors) && errors[0]).to.include({ pointer });
        });
      }

      it("asks for a provider's key", async () => {
        const answer = await server.request("/v1/rate-cards", { body: { rates: [] } });
        expectProblem(answer, 401, "missing_credentials");
      });
    });

    context("GET /v1/rate-cards", () => {
      it("shows the operator's alone, and pages through all", async () => {
        const operators = await server.request("/v1/rate-cards?provider=operator");
        expect(operators.document["rateCards"]).to.have.length(2);
        const seen: unknown[] = [];
        for (let cursor = ""; ;) {
          // oxlint-disable-next-line no-await-in-loop -- page after page
          const { document } = await server.request(`/v1/rate-cards?limit=2${cursor}`);
          const cards = document["rateCards"];
          if (Array.isArray(cards)) seen.push(...cards.map(({ version }) => version));
          if (document["nextCursor"] === null) break;
          cursor = `&cursor=${text(document["nextCursor"])}`;
        }
        const [{ newest } = { newest: 0 }] = await ledger.database.query<{ newest: number }>(
          "select max(version) as newest from rate_cards",
        );
        expect(seen).to.deep.equal(Array.from({ length: newest }, (_, i) => newest - i));
      });

      it("refuses what it does not know", async () => {
        for (const [path, status, reason] of [
          ["/v1/rate-cards?provider=me", 400, "invalid_request"],
          ["/v1/rate-cards?limit=0", 400, "invalid_request"],
          ["/v1/rate-cards?cursor=x", 400, "invalid_cursor"],
          ["/v1/rate-cards/0", 400, "invalid_request"],
          ["/v1/rate-cards/999999", 404, "rate_card_not_found"],
        ] as const) {
          // oxlint-disable-next-line no-await-in-loop -- few
          expectProblem(await server.request(path), status, reason);
        }
      });
    });

    context("POST /v1/prices", () => {
      it("says what each would cost, one after the other, by what, and charges nothing", async () => {
        const { provider, key } = await newProvider();
        const account = party(++parties);
        await ledger.purchase(account, "1");
        const { message } = await ledger.allow(account);
        await ledger.grantAccess(message.spender, provider);
        const used = { provider, spender: message.spender, meter: "graduated", quantity: 8n };
        await ledger.usage.record([usageEvent(used)]);
        const before = await ledger.accounts.balance(account);

        const measurements = [
          { meter: "units", quantity: 4 },
          { meter: "graduated", quantity: "3" },
          { meter: "graduated", quantity: 1 },
          { meter: "dynamic", quantity: 2 },
        ];
        const { status, document } = await preview({ provider, account, measurements }, { key });
        expect(status).to.equal(200);
        expect(document["totalMicros"]).to.equal(`${4 + 13 + 3 + 200}`);
        const { prices } = document;
        if (!Array.isArray(prices)) throw new Error("no prices");
        expect(
          prices.map(({ costMicros, rateCardVersion, tier, rate: { kind, rateKey }, basis }) => [
            costMicros,
            rateCardVersion,
            kind,
            rateKey,
            tier,
            basis?.usedUnits ?? basis?.multiplierBps ?? null,
          ]),
        ).to.deep.equal([
          ["4", 2, "fixed", "operator:units", null, null],
          ["13", 2, "graduated", "operator:graduated", 1, "8"],
          ["3", 2, "graduated", "operator:graduated", 1, "11"],
          ["200", 2, "dynamic", "operator:dynamic", null, "10000"],
        ]);
        expect(await ledger.accounts.balance(account)).to.deep.equal(before);

        // And what is charged then is what was said.
        const outcomes = await ledger.usage.record(
          measurements.map(({ meter, quantity }) =>
            usageEvent({ provider, spender: message.spender, meter, quantity: BigInt(quantity) }),
          ),
        );
        expect(
          outcomes.map((outcome) => outcome.result === "debited" && `${outcome.costMicros}`),
        ).to.deep.equal(prices.map(({ costMicros }) => costMicros));
      });

      it("prices for an account that has used nothing where none is named", async () => {
        const { provider } = await newProvider();
        const measurements = [{ meter: "volume", quantity: 11 }];
        const { document } = await preview({ provider, measurements });
        expect(document).to.deep.include({ totalMicros: "33" });
      });

      it("prices a time to come by the card that is published for it", async () => {
        const { provider, key } = await newProvider();
        const body = { effectiveFrom: inSeconds(3_600), rates: [rate] };
        await server.request("/v1/rate-cards", { key, body });
        const { document } = await preview({
          provider,
          measurements: [
            { meter: "units", quantity: 10 },
            { meter: "units", quantity: 10, time: inSeconds(7_200) },
          ],
        });
        const { prices } = document;
        expect(Array.isArray(prices) && prices.map(({ costMicros }) => costMicros)).to.deep.equal([
          "10",
          "35",
        ]);
      });

      it("tells in its place what has no price", async () => {
        const { provider } = await newProvider();
        const { status, document } = await preview({
          provider,
          measurements: [
            { meter: "magic", quantity: 1 },
            { meter: "units", quantity: 1, time: "1999-01-01T00:00:00Z" },
            { meter: "dear", quantity: 2 },
            { meter: "units", quantity: 1 },
          ],
        });
        expect(status).to.equal(200);
        expect(document["totalMicros"]).to.equal("1");
        const { prices } = document;
        expect(
          Array.isArray(prices) && prices.map((price) => price.problem?.reason ?? price.costMicros),
        ).to.deep.equal(["unknown_meter", "no_rate_card_in_force", "quantity_too_large", "1"]);
      });

      for (const [what, fields, pointer] of [
        ["no measurement", { measurements: [] }, "#/measurements"],
        [
          "too many",
          { measurements: Array.from({ length: 5 }, () => ({ meter: "units", quantity: 1 })) },
          "#/measurements",
        ],
        [
          "a fraction",
          { measurements: [{ meter: "units", quantity: 0.5 }] },
          "#/measurements/0/quantity",
        ],
        ["no provider", { provider: undefined }, "#/provider"],
        ["an account that is none", { account: "0x1" }, "#/account"],
      ] as const) {
        it(`refuses ${what}, and points at it`, async () => {
          const body = {
            provider: party(1),
            measurements: [{ meter: "units", quantity: 1 }],
            ...fields,
          };
          const answer = await preview(body);
          expectProblem(answer, 400, "invalid_request");
          const errors = answer.document["errors"];
          expect(Array.isArray(errors) && errors[0]).to.include({ pointer });
        });
      }
    });

    context("POST /v1/utilisation and GET /v1/dynamic-rates", () => {
      it("makes a step, shows it in the log, and tells when the next may follow", async () => {
        const { provider, key } = await newProvider();
        const made = await report(key);
        expect(made.status).to.equal(201);
        expect(made.document).to.deep.include({
          provider,
          rateKey: "operator:dynamic",
          multiplierBps: "11250",
          stepCount: 1,
        });
        expect(made.document["step"]).to.deep.include({
          number: 1,
          utilisationBps: "10000",
          multiplierBeforeBps: "10000",
          multiplierAfterBps: "11250",
          rateCardVersion: 2,
        });
        const again = await report(key);
        expectProblem(again, 429, "step_too_soon");
        expect(Number(again.headers.get("retry-after"))).to.be.within(3_500, 3_601);
        expect(again.document["nextStepAt"]).to.equal(made.document["nextStepAt"]);

        const now = await server.request(`/v1/dynamic-rates/${provider}`);
        const { step, ...state } = made.document;
        expect(now.document).to.deep.equal({ dynamicRates: [state] });
        const log = await server.request(`/v1/dynamic-rates/${provider}/operator:dynamic`);
        expect(log.document).to.deep.equal({
          provider,
          rateKey: "operator:dynamic",
          steps: [step],
          nextCursor: null,
        });
      });

      it("shows the log in pages, newest first", async () => {
        const { provider, key } = await newProvider();
        for (let step = 1; step <= 3; step++) {
          // oxlint-disable-next-line no-await-in-loop -- one step after the other
          expect((await report(key, { utilisationBps: 1_000 * step })).status).to.equal(201);
          // oxlint-disable-next-line no-await-in-loop
          await ledger.database.query(
            "update multiplier_steps set effective_from = effective_from - interval '3700 s' where provider = $1",
            [`\\x${provider.slice(2)}`],
          );
        }
        const path = `/v1/dynamic-rates/${provider}/operator:dynamic`;
        const first = await server.request(`${path}?limit=2`);
        const second = await server.request(
          `${path}?limit=2&cursor=${text(first.document["nextCursor"])}`,
        );
        const numbers = [first, second].map(({ document: { steps } }) =>
          Array.isArray(steps) ? steps.map(({ number }) => number) : [],
        );
        expect(numbers).to.deep.equal([[3, 2], [1]]);
        expect(second.document["nextCursor"]).to.equal(null);
      });

      it("shows a rate whose key has characters of its own, of the provider's own card", async () => {
        const { provider, key } = await newProvider();
        const dimensions = { gpu: "H100 80=G;" };
        await server.request("/v1/rate-cards", {
          key,
          body: {
            rates: [
              {
                ...rate,
                kind: "dynamic",
                dimensions,
                multiplier: {
                  targetBps: "8000",
                  startBps: "10000",
                  minBps: "5000",
                  maxBps: "15000",
                  maxStepBps: "500",
                  denominator: "8",
                  stepSeconds: 60,
                },
              },
            ],
          },
        });
        const made = await report(key, { meter: "units", dimensions });
        expect(made.status).to.equal(201);
        const rateKey = text(made.document["rateKey"]);
        const path = `/v1/dynamic-rates/${provider}/${encodeURIComponent(rateKey)}`;
        const log = await server.request(path);
        expect(log.document["steps"]).to.deep.equal([made.document["step"]]);
      });

      it("refuses what is no report", async () => {
        const { provider, key } = await newProvider();
        for (const [fields, status, reason] of [
          [{ meter: "magic" }, 422, "unknown_rate"],
          [{ dimensions: { gpu: "H100" } }, 422, "unknown_rate"],
          [{ meter: "units" }, 422, "rate_not_dynamic"],
          [{ utilisationBps: 10_001 }, 400, "invalid_request"],
          [{ utilisationBps: -1 }, 400, "invalid_request"],
          [{ rate: "x" }, 400, "invalid_request"],
        ] as const) {
          // oxlint-disable-next-line no-await-in-loop -- few
          expectProblem(await report(key, fields), status, reason);
        }
        const { status } = await server.request("/v1/utilisation", { body: {} });
        expect(status).to.equal(401);
        const none = await server.request(`/v1/dynamic-rates/${provider}/operator:dynamic`);
        expect(none.document["steps"]).to.deep.equal([]);
      });
    });
  });
}

function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

function text(field: unknown): string {
  if (typeof field !== "string" && typeof field !== "number") throw new Error("no text");
  return `${field}`;
}
