import { randomUUID } from "node:crypto";

import { expect } from "chai";
import { zeroHash } from "viem";

import { ROUTES } from "@compute-credits/api/table";
import { IS_FULL } from "../fixtures/effort.ts";
import { type Answer, expectProblem } from "../fixtures/http.ts";
import { needsCredentials } from "../../server/http/credentialsFirst.ts";
import { UNSAFE, isEntitled, unsafeRequest } from "../fixtures/unsafeRoutes.ts";
import {
  type Headers,
  NOBODY,
  type PrivateThings,
  openPrivateThings,
} from "../fixtures/privateThings.ts";

type RouteId = (typeof ROUTES)[number]["id"];
type Party = keyof PrivateThings["parties"];

interface PrivateRead {
  readonly parties: readonly Party[];
  readonly path: (things: PrivateThings, reader?: Party) => string;
  /** the same of what does not exist */
  readonly absent: (things: PrivateThings) => string;
  /** how parties without the right are refused; by default, 403 `not_permitted` */
  readonly hides?: "allowance_not_found" | "event_not_found";
}

const ACCOUNT = ["owner", "viewKey", "operator", "auditor"] as const;
const ALL = ["operator", "auditor"] as const;
const PROVIDER = ["theProvider", "operator", "auditor"] as const;
const SPENDER = ["theSpender", "operator", "auditor"] as const;

function ofAccount(rest: string, parties: readonly Party[] = ACCOUNT): PrivateRead {
  return {
    parties,
    path: ({ account }) => `/v1/accounts/${account}${rest}`,
    absent: () => `/v1/accounts/${NOBODY}${rest}`,
  };
}

function ofProvider(rest: string): PrivateRead {
  return {
    parties: PROVIDER,
    path: ({ provider }) => `/v1/providers/${provider}${rest}`,
    absent: () => `/v1/providers/${NOBODY}${rest}`,
  };
}

function ofSpender(rest: string): PrivateRead {
  return {
    parties: SPENDER,
    path: ({ spender }) => `/v1/spenders/${spender}${rest}`,
    absent: () => `/v1/spenders/${zeroHash}${rest}`,
  };
}

function ofCampaign(rest: string, parties: readonly Party[]): PrivateRead {
  return {
    parties,
    path: ({ campaign }) => `/v1/allowances/${campaign}${rest}`,
    absent: () => `/v1/allowances/${zeroHash}${rest}`,
    hides: "allowance_not_found",
  };
}

const EXPLAIN = {
  parties: ["theProvider", "theSpender", "owner", "viewKey", "operator", "auditor"],
  hides: "event_not_found",
} as const;

/** Every read that is not public: who may, written down apart from the route table. */
const PRIVATE: { readonly [Id in RouteId]?: PrivateRead } = {
  getAccount: {
    ...ofAccount("", [...ACCOUNT, "theProvider"]),
    // A provider reads its own balance.
    path: ({ account, provider }, reader) =>
      `/v1/accounts/${reader === "theProvider" ? provider : account}`,
  },
  listAllowances: ofAccount("/allowances"),
  getCapProof: ofAccount("/cap-proof"),
  listAccountGrants: ofAccount("/grants"),
  listIssuingKeys: ofAccount("/issuing-keys"),
  listAccountDebits: ofAccount("/debits"),
  getAccountUsage: ofAccount("/usage"),
  getRunway: ofAccount("/runway"),
  getDepositAddress: ofAccount("/deposit-address"),
  listTopUpPolicies: ofAccount("/top-ups"),
  listBudgets: ofAccount("/budgets"),
  getAllowance: {
    ...ofCampaign("", ["owner", "viewKey", "theIssuer", "theSpender", ...ALL]),
    path: ({ grant }) => `/v1/allowances/${grant}`,
  },
  listGrants: ofCampaign("/grants", ["owner", "viewKey", "theIssuer", ...ALL]),
  listCodes: ofCampaign("/codes", ["owner", "theIssuer", ...ALL]),
  watchAccount: ofAccount("/events"),
  watchProvider: ofProvider("/events"),
  watchSpender: ofSpender("/events"),
  listProviderDebits: ofProvider("/debits"),
  listOpenHolds: ofProvider("/holds"),
  getProviderEarnings: ofProvider("/earnings"),
  listAcceptances: ofSpender("/acceptances"),
  listOffers: ofSpender("/offers"),
  listSpenderDebits: ofSpender("/debits"),
  listSpenderBudgets: ofSpender("/budgets"),
  explainEvent: {
    ...EXPLAIN,
    path: ({ provider }) => `/v1/debits/${provider}/event/explain`,
    absent: ({ provider }) => `/v1/debits/${provider}/none/explain`,
  },
  explainEventById: {
    ...EXPLAIN,
    path: ({ provider }) => `/v1/debits/${provider}/explain?eventId=event`,
    absent: ({ provider }) => `/v1/debits/${provider}/explain?eventId=none`,
  },
  getHold: {
    parties: PROVIDER,
    path: ({ provider }) => `/v1/holds/hold?provider=${provider}`,
    absent: ({ provider }) => `/v1/holds/none?provider=${provider}`,
  },
  getLatestReceipt: {
    parties: PROVIDER,
    path: ({ provider }) => `/v1/receipts/latest?provider=${provider}`,
    absent: () => `/v1/receipts/latest?provider=${NOBODY}`,
  },
  getAccountStatement: ofAccount("/statement"),
  getProviderStatement: ofProvider("/statement"),
  listActs: {
    parties: ["owner", "theProvider", "operator"],
    path: ({ account, provider }, reader) =>
      reader === "theProvider" ? `/v1/acts?provider=${provider}` : `/v1/acts?account=${account}`,
    absent: () => `/v1/acts?account=${NOBODY}`,
  },
  getLiability: { parties: ALL, path: () => "/v1/liability", absent: () => "/v1/liability" },
  getDuties: { parties: ALL, path: () => "/v1/duties", absent: () => "/v1/duties" },
  getReport: { parties: ALL, path: () => "/v1/report", absent: () => "/v1/report" },
};

/** Every read that strangers may do. */
const PUBLIC: readonly RouteId[] = [
  "getMe",
  "getDeployment",
  "getLiveness",
  "getReadiness",
  "getMeteringReadiness",
  "getChainReadiness",
  "getProof",
  "getProviderApproval",
  "getCampaignRule",
  "listRateCards",
  "getRateCard",
  "listDynamicRates",
  "listMultiplierSteps",
  "getProfile",
  "listMeterKeys",
  "getMarket",
  "listCheckpoints",
  "watchCheckpoints",
  "getCheckpoint",
  "getRows",
  "getCheckpointData",
];

/** What else strangers may ask: prices of no named account, and to sign in. */
const PUBLIC_REQUESTS: readonly RouteId[] = ["previewPrices", "createNonce", "signIn"];

/** Queries that a route cannot do without. */
const NEEDED: { readonly [Id in RouteId]?: (things: PrivateThings) => string } = {
  getMarket: () => `?basket=${encodeURIComponent('[{"meter":"requests","quantity":"1"}]')}`,
  explainEventById: () => "?eventId=event",
  getLatestReceipt: ({ provider }) => `?provider=${provider}`,
  listWebhooks: ({ account }) => `?party=account&address=${account}`,
};

/** Reads with tests of their own: the caller's keys, sessions and webhooks, and the log. */
const ELSEWHERE: readonly RouteId[] = [
  "listKeys",
  "listWebhooks",
  "listWebhookDeliveries",
  "listSessions",
  "readLog",
  "listCuts",
  "listSegments",
];

/** No route takes these. */
const WRONG_QUERY = "?limit=none&cursor=%00&from=yesterday&party=x";

describe("who may read what", () => {
  let things: PrivateThings;
  before(async () => {
    things = await openPrivateThings();
  });
  after(() => things?.stop());

  const ask = (path: string, headers: Headers = {}): Promise<Answer> =>
    things.stack.request(path, { headers });

  /** What no refused request changes. */
  const state = async () => [
    (await ask("/v1/acts?limit=1000", things.parties.operator[0])).document,
    await things.stack.balances(),
  ];

  function credentialsOfAll(): (readonly [party: string, headers: Headers])[] {
    const parties = Object.entries(things.parties);
    return [
      ["nobody", {}],
      ...parties.flatMap(([party, held]) => held.map((headers) => [party, headers] as const)),
      ...Object.entries(things.strangers),
    ];
  }

  it("is written down for every route that reads", () => {
    const reads = ROUTES.filter(({ method }) => method === "get").map(({ id }) => id);
    const known = [...Object.keys(PRIVATE), ...PUBLIC, ...ELSEWHERE];
    expect(known.toSorted()).to.deep.equal(reads.toSorted());
  });

  it("is public on these routes only, says the route table", () => {
    const open = ROUTES.filter(({ callers }) => callers.some((caller) => caller === "anyone"));
    expect(open.map(({ id }) => id).toSorted()).to.deep.equal(
      [...PUBLIC, ...PUBLIC_REQUESTS].toSorted(),
    );
    const whileChallenged = ROUTES.filter(({ callers }) =>
      callers.some((caller) => caller === "anyoneWhileChallenged"),
    );
    expect(whileChallenged.map(({ id }) => id)).to.deep.equal(["getCapProof"]);
  });

  it("is refused to a stranger without credentials on every other route", async () => {
    const { account, campaign } = things;
    const open: readonly string[] = [...PUBLIC, ...PUBLIC_REQUESTS];
    for (const route of ROUTES.filter(({ id }) => !open.includes(id))) {
      const id = route.path.startsWith("/v1/webhooks") ? randomUUID() : campaign;
      const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        name === "address" || name === "provider" ? account : id,
      );
      const body = "exampleBody" in route ? route.exampleBody : {};
      const options = route.method === "get" ? {} : { body };
      // oxlint-disable-next-line no-await-in-loop -- a failure names its route
      const { status, document } = await things.stack.request(
        `${path}${NEEDED[route.id]?.(things) ?? ""}`,
        options,
      );
      expect(status, `${route.id}: ${JSON.stringify(document)}`).to.be.within(400, 499);
      if (route.method === "get")
        expect(document["reason"], route.id).to.equal("missing_credentials");
    }
  });

  it("answers a stranger what is public", async () => {
    for (const { id, path } of ROUTES.filter((route) => PUBLIC.includes(route.id))) {
      const named = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        name === "address" || name === "provider" ? things.account : "1",
      );
      // oxlint-disable-next-line no-await-in-loop -- a failure names its route
      const { status } = await ask(named);
      expect(status, id).to.not.be.oneOf([401, 403]);
    }
  });

  it("is written down for every route that is not a read", () => {
    const known = [...Object.keys(UNSAFE), ...PUBLIC_REQUESTS];
    const routes = ROUTES.filter(({ method }) => method !== "get").map(({ id }) => id);
    expect(known.toSorted()).to.deep.equal(routes.toSorted());
  });

  describe("with credentials that nobody has any more, or never had", () => {
    for (const [nth, route] of ROUTES.filter(needsCredentials).entries()) {
      it(`${route.id} answers 401, whatever else is wrong with the request`, async () => {
        const path = `${route.path.replaceAll(/\{\w+\}/g, "wrong")}${WRONG_QUERY}`;
        const options = route.method === "get" ? {} : { body: "{", method: "POST" };
        const ended = Object.entries(things.ended);
        // In a short run, each route gets some of them in turn.
        const few = IS_FULL ? ended : ended.filter((_, index) => (index + nth) % 4 === 0);
        const asked = [["nobody", {}] as const, ...few].map(async ([name, headers]) => {
          const { status, document } = await things.stack.request(path, { ...options, headers });
          return { name, status, expected: isOfAnotherKind(route, headers) ? 403 : 401, document };
        });
        for (const { name, status, expected, document } of await Promise.all(asked)) {
          expect(status, `${name}: ${JSON.stringify(document)}`).to.equal(expected);
        }
      });
    }
  });

  describe("what changes something, or works for one party,", () => {
    let atFirst: readonly unknown[];
    before(async () => {
      atFirst = await state();
    });
    after(async () => expect(await state(), "an act was recorded").to.deep.equal(atFirst));

    for (const route of ROUTES) {
      const unsafe = UNSAFE[route.id];
      if (unsafe === undefined) continue;
      it(`${route.id} is refused to every other party, with credentials of each kind`, async () => {
        const { path, body } = unsafeRequest(route, unsafe, things);
        const wrong = credentialsOfAll().filter(
          ([party, headers]) => !isEntitled(unsafe, party, headers["authorization"] ?? ""),
        );
        const asked = wrong.map(async ([party, headers]) => {
          const answer = await things.stack.request(path, { body, headers });
          return { ...answer, said: `${party}: ${JSON.stringify([headers, answer.document])}` };
        });
        for (const { status, said } of await Promise.all(asked)) {
          if (unsafe.by === "signer") expect(status, said).to.be.within(400, 499);
          else expect(status, said).to.be.oneOf([401, 403, 404]);
        }
      });
    }
  });

  describe("a price or a quote for a named account", () => {
    const work = { meter: "requests", quantity: 1 };
    const price = (headers: Headers, provider = things.provider) =>
      things.stack.request("/v1/prices", {
        headers,
        body: { provider, account: things.account, measurements: [work] },
      });
    const quote = (headers: Headers, provider = things.provider) =>
      things.stack.request("/v1/quotes", {
        headers,
        body: { provider, account: things.account, ...work },
      });

    it("is for its owner, its spenders, operators, and a provider of its own rates", async () => {
      const { owner, theSpender, theProvider, operator } = things.parties;
      const [session, , campaignAccess] = owner;
      const readers = [session, campaignAccess, theSpender[0], theProvider[0], operator[0]];
      for (const headers of readers) {
        // oxlint-disable-next-line no-await-in-loop -- a failure names its reader
        expect((await price(headers ?? {})).status, JSON.stringify(headers)).to.equal(200);
        // oxlint-disable-next-line no-await-in-loop -- as above
        expect((await quote(headers ?? {})).status, JSON.stringify(headers)).to.equal(201);
      }
    });

    it("is refused to all others, and to credentials that only read", async () => {
      expectProblem(await price({}), 401, "missing_credentials");
      expectProblem(await quote({}), 401, "missing_credentials");
      const { viewKey, auditor, theProvider } = things.parties;
      for (const headers of [...viewKey, ...auditor, ...Object.values(things.strangers)]) {
        // oxlint-disable-next-line no-await-in-loop -- a failure names its reader
        expectProblem(await price(headers), 403, "not_permitted");
        // oxlint-disable-next-line no-await-in-loop -- as above
        expectProblem(await quote(headers), 403, "not_permitted");
      }
      expectProblem(await price(theProvider[0] ?? {}, NOBODY), 403, "not_permitted");
    });

    it("is without prior usage for anyone who names no account", async () => {
      const body = { provider: things.provider, measurements: [work] };
      expect((await things.stack.request("/v1/prices", { body })).status).to.equal(200);
    });
  });

  describe("a preview of usage", () => {
    const measurements = [{ meter: "requests", quantity: 1 }];
    const preview = (headers: Headers, spender = things.spender) =>
      things.stack.request("/v1/previews", {
        headers,
        body: { provider: things.provider, spender, measurements },
      });

    it("is for the spender, by its key or its wallet's session, and for a provider's key", async () => {
      const { theSpender, theProvider } = things.parties;
      expect((await preview(theSpender[0] ?? {})).status).to.equal(200);
      expect((await preview(theProvider[0] ?? {})).status).to.equal(200);
      const { headers, spender } = things.wallet;
      expect((await preview(headers[0] ?? {}, spender)).status).to.equal(200);
    });

    it("is refused to all others, and to a signature for reads", async () => {
      expectProblem(await preview({}), 401, "missing_credentials");
      const { theSpender: _, theProvider, ...others } = things.parties;
      const { "another provider's key": otherProvider, ...strangers } = things.strangers;
      const wrong = [
        ...theProvider.slice(1),
        ...Object.values(others).flat(),
        ...Object.values(strangers),
        ...things.wallet.headers,
      ];
      for (const headers of wrong) {
        // oxlint-disable-next-line no-await-in-loop -- a failure names its credentials
        expectProblem(await preview(headers), 403, "not_permitted");
      }
      expectProblem(await preview(otherProvider), 403, "source_mismatch");
      const { headers, spender } = things.wallet;
      expectProblem(await preview(headers[1] ?? {}, spender), 403, "not_permitted");
    });
  });

  describe("a wallet that may spend", () => {
    it("reads what is its own, with its session or its signature", async () => {
      for (const path of pathsOf(things.wallet)) {
        for (const headers of things.wallet.headers) {
          // oxlint-disable-next-line no-await-in-loop -- a failure names its path
          const { status, document } = await ask(path, headers);
          expect(status, `${path}: ${JSON.stringify(document)}`).to.equal(200);
        }
      }
    });

    it("reads nothing of another spender, and no other spender reads its own", async () => {
      const { wallet, parties, spender, grant } = things;
      for (const [all, who] of [
        [pathsOf(wallet), parties.theSpender],
        [pathsOf({ spender, allowance: grant }), wallet.headers],
      ] as const) {
        for (const path of all) {
          for (const headers of who) {
            // oxlint-disable-next-line no-await-in-loop -- a failure names its path
            const { status } = await ask(path, headers);
            expect(status, path).to.equal(path.includes("/allowances/") ? 404 : 403);
          }
        }
      }
    });
  });

  it("refuses another party before it looks at the rest of the query", async () => {
    const headers = things.strangers["another owner's session"];
    for (const [id, { path, hides }] of Object.entries(PRIVATE)) {
      // The query names the party.
      if (path(things).includes("?")) continue;
      // oxlint-disable-next-line no-await-in-loop -- a failure names its route
      const { status } = await ask(`${path(things)}${WRONG_QUERY}`, headers);
      expect(status, id).to.equal(hides === undefined ? 403 : 404);
    }
  });

  for (const { id, callers } of ROUTES) {
    const read = PRIVATE[id];
    if (read === undefined) continue;
    const { parties, path, absent, hides } = read;

    describe(id, () => {
      it("has these callers in the route table, too", () => {
        // Strangers read a cap proof while there is a challenge: disputes.test.ts.
        const known = callers.filter((caller) => caller !== "anyoneWhileChallenged");
        expect(known.toSorted()).to.deep.equal([...parties].toSorted());
      });

      it("answers each of its parties, with credentials of each kind", async () => {
        for (const party of parties) {
          for (const headers of things.parties[party]) {
            // oxlint-disable-next-line no-await-in-loop -- a failure names its party
            const answer = await ask(path(things, party), headers);
            expect(answer.status, `${party}: ${JSON.stringify(answer.document)}`).to.equal(200);
            expect(answer.headers.get("cache-control"), party).to.include("no-store");
          }
        }
      });

      it("refuses nobody's request, whether the thing exists or not", async () => {
        const answer = await ask(path(things));
        expectProblem(answer, 401, "missing_credentials");
        expect((await ask(absent(things))).document).to.deep.equal(answer.document);
        const csv = await ask(path(things), { accept: "text/csv" });
        expectProblem(csv, 401, "missing_credentials");
      });

      it("refuses every other party, whether the thing exists or not", async () => {
        const wrong = Object.entries(things.parties)
          .filter(([party]) => !parties.some((one) => one === party))
          .flatMap(([party, all]) => all.map((headers) => [party, headers] as const));
        for (const [party, headers] of [...wrong, ...Object.entries(things.strangers)]) {
          // oxlint-disable-next-line no-await-in-loop -- a failure names its party
          const answer = await ask(path(things), headers);
          const said = `${party}: ${JSON.stringify(answer.document)}`;
          expect([answer.status, answer.document["reason"]], said).to.deep.equal(
            hides === undefined ? [403, "not_permitted"] : [404, hides],
          );
          // oxlint-disable-next-line no-await-in-loop -- as above
          expect((await ask(absent(things), headers)).document, said).to.deep.equal(
            answer.document,
          );
        }
      });
    });
  }
});

/** What a spender reads of itself, and of an allowance for it. */
function pathsOf({ spender, allowance }: { spender: string; allowance: string }): string[] {
  const own = ["acceptances", "offers", "debits", "budgets"];
  return [...own.map((one) => `/v1/spenders/${spender}/${one}`), `/v1/allowances/${allowance}`];
}

/** Routes for providers alone say which kind of key they take, as the prefix tells its kind. */
function isOfAnotherKind(
  { callers }: { readonly callers: readonly string[] },
  { authorization = "" }: Headers,
): boolean {
  const isProviders = callers.every((caller) => caller === "provider");
  return isProviders && /^Bearer cc(s|vk|ik)_/.test(authorization);
}
