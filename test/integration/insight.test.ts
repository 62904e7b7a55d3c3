import { expect } from "chai";
import type { Hex } from "viem";

import { settleRow } from "@compute-credits/client/chain/credits";
import { createMeteringClient } from "@compute-credits/client/http/meteringClient";
import { eventually } from "../../scripts/local/eventually.ts";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { testDollarAbi } from "@compute-credits/protocol/abi/testDollar";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { type Answer, expectProblem } from "../fixtures/http.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  stackKinds,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";

const { alice, provider, signer } = wallets;
const account = addressOf(alice);
const source = addressOf(provider);

/** An event id with every allowed character. */
const ODD_ID = String.fromCharCode(...Array.from({ length: 94 }, (_, n) => 0x21 + n));

for (const kind of stackKinds) {
  describe(`insight over HTTP on ${kind}`, () => {
    let stack: MeteredStack;
    let key: string;
    let spender: Hex;
    let allowance: unknown;

    before(async () => {
      stack = await startMeteredStack(kind);
      key = await stack.registerProvider(provider);
      await stack.buyAndWait(alice, parseCredits("100"));
      const signed = await stack.sign(alice, { limitMicros: parseCredits("40") });
      spender = signed.allowance.spender;
      ({
        document: { id: allowance },
      } = await stack.postAccepted(signed));
      await stack.context.providers.grantAccess({ spender, provider: source });
      for (const id of [ODD_ID, "=HYPERLINK(1)", ".."]) await report(id);
    });
    after(() => stack.stop());

    async function report(id: string, quantity = 1): Promise<void> {
      const { status, document } = await stack.request("/v1/usage", {
        key,
        body: cloudEvent(spender, { quantity }, { id }),
      });
      expect(status, JSON.stringify(document)).to.equal(201);
    }

    const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
      stack.readAll(path, headers);

    /** Requests a CSV answer and returns its text. */
    async function csv(path: string): Promise<string[]> {
      const response = await fetch(new URL(path, stack.server.url), {
        headers: { accept: "text/csv", ...(await stack.readAs(signer)) },
      });
      expect(response.status).to.equal(200);
      expect(response.headers.get("content-type")).to.equal("text/csv; charset=utf-8");
      return (await response.text()).split("\r\n");
    }

    /** The price of one request on the server's card. */
    async function cost(): Promise<bigint> {
      const { document } = await get(`/v1/accounts/${account}`);
      return BigInt(String(document["spentMicros"])) / 3n;
    }

    it("explains an event whose id contains every allowed character", async () => {
      const path = `/v1/debits/${source}/${encodeURIComponent(ODD_ID)}/explain`;
      const { status, document } = await get(path);
      expect(status, JSON.stringify(document)).to.equal(200);
      const price = await cost();
      expect(document).to.deep.include({ costMicros: `${price}`, hold: null, voidedAt: null });
      expect(document["event"]).to.deep.include({ id: ODD_ID, meter: "requests", quantity: "1" });
      expect(document["price"]).to.deep.include({ costMicros: `${price}`, rateCardVersion: 1 });
      expect(document["price"]).to.have.property("formula").that.includes(`= ${price}`);
      expect(document)
        .to.have.nested.property("charges[0]")
        .that.deep.include({ account, allowance, amountMicros: `${price}` });
      expect(document).to.have.nested.property(
        "charges[0].limits.accountBalance.leftMicros",
        `${parseCredits("100") - price}`,
      );
    });

    it("explains an event whose id clients would remove from a path, and no other", async () => {
      const { status } = await get(`/v1/debits/${source}/explain?eventId=..`);
      expect(status).to.equal(200);
      expectProblem(await get(`/v1/debits/${source}/nowhere/explain`), 404, "event_not_found");
      expectProblem(await get(`/v1/debits/0x12/x/explain`), 400, "invalid_request");
      expectProblem(await get(`/v1/debits/${source}/%20/explain`), 400, "invalid_request");
    });

    it("lists debits in consecutive pages, as JSON and as CSV", async () => {
      for (const path of [`/v1/accounts/${account}/debits`, `/v1/providers/${source}/debits`]) {
        const seen: unknown[] = [];
        let next = `${path}?limit=2`;
        for (let page = 0; page < 2; page++) {
          // oxlint-disable-next-line no-await-in-loop -- each page tells where the next begins
          const { document, headers } = await get(next);
          expect(document["debits"]).to.be.an("array");
          if (Array.isArray(document["debits"])) seen.push(...document["debits"]);
          if (page === 0) expect(headers.get("link")).to.include('rel="next"');
          next = `${path}?limit=2&cursor=${String(document["nextCursor"])}`;
        }
        expect(seen.map((debit) => Object(debit).eventId)).to.have.members([
          ODD_ID,
          "=HYPERLINK(1)",
          "..",
        ]);
        // oxlint-disable-next-line no-await-in-loop -- two paths
        const [header, ...rows] = await csv(path);
        expect(header).to.match(/^recordedAt,occurredAt,provider,eventId,/);
        expect(rows.filter((row) => row.includes(",'=HYPERLINK(1),"))).to.have.length(1);
        expect(rows).to.have.length(4);
      }
    });

    it("refuses invalid queries with a stable reason", async () => {
      const place = JSON.stringify([8.64e15, source, "x", 0]);
      const farCursor = Buffer.from(place).toString("base64url");
      const bad = [
        ["debits?cursor=x", "invalid_cursor"],
        ["debits?cursor=WzEsMl0", "invalid_cursor"],
        ["debits?limit=1001", "invalid_request"],
        ["debits?limit=0", "invalid_request"],
        ["debits?offset=1", "invalid_request"],
        ["debits?from=yesterday", "invalid_request"],
        ["debits?from=0000-01-01T00:00:00Z", "invalid_request"],
        ["debits?to=9999-12-31T23:59:59-23:59", "invalid_request"],
        [`debits?cursor=${farCursor}`, "invalid_cursor"],
        ["usage?from=0000-01-01T00:00:00Z", "invalid_request"],
        ["usage?to=9999-12-31T23:59:59-23:59", "invalid_request"],
        ["debits?meter=A%00", "invalid_request"],
        ["usage?groupBy=weather", "invalid_request"],
        ["usage?from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z", "empty_range"],
        ["budgets?cursor=1", "invalid_cursor"],
        ["grants?cursor=x", "invalid_cursor"],
        ["debits?limit=1e3", "invalid_request"],
        ["debits?limit=0x10", "invalid_request"],
        ["debits?limit=%205", "invalid_request"],
        ["debits?limit=5.0", "invalid_request"],
      ] as const;
      for (const [query, reason] of bad) {
        // oxlint-disable-next-line no-await-in-loop -- one failure should name its query
        expectProblem(await get(`/v1/accounts/${account}/${query}`), 400, reason);
      }
      const years = "usage?from=2024-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";
      expectProblem(await get(`/v1/accounts/${account}/${years}`), 422, "range_too_long");
    });

    it("answers the first and the last time that there is, and refuses those beyond", async () => {
      const [first, last] = ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"];
      const paths = [`/v1/accounts/${account}/debits`, `/v1/accounts/${account}/usage`];
      for (const path of [...paths, `/v1/providers/${source}/earnings`, "/v1/report"]) {
        for (const query of [`from=${first}`, `to=${first}`, `from=${last}`, `to=${last}`]) {
          // oxlint-disable-next-line no-await-in-loop -- one failure should name its path
          const { status, document } = await get(`${path}?${query}`);
          // Where both ends are the same time, the range is empty.
          const expected = document["reason"] === "empty_range" ? 400 : 200;
          expect(status, `${path}?${query}`).to.equal(expected);
        }
        // oxlint-disable-next-line no-await-in-loop
        const beyond = await get(`${path}?from=0000-01-01T00:00:00Z`);
        expectProblem(beyond, 400, "invalid_request");
      }
    });

    it("sums usage and earnings, as JSON and as CSV", async () => {
      const price = await cost();
      const sums = await get(`/v1/accounts/${account}/usage?groupBy=spender`);
      expect(sums.document["groups"]).to.have.deep.nested.property("[0].key", spender);
      expect(sums.document).to.deep.include({ amountMicros: `${3n * price}` });
      const earned = await get(`/v1/providers/${source}/earnings?groupBy=account`);
      expect(earned.document["groups"]).to.have.deep.nested.property("[0].key", account);
      const { document } = await get(`/v1/accounts/${source}`);
      expect(earned.document["earnedMicros"]).to.equal(document["earnedMicros"]);
      const [header, row] = await csv(`/v1/accounts/${account}/usage?groupBy=day`);
      expect(header).to.equal("day,meter,quantity,events,amountMicros,feeMicros,earnedMicros");
      expect(row).to.match(/^\d{4}-\d{2}-\d{2},requests,3,3,/);
    });

    it("shows an account's burn rate, runway and budgets", async () => {
      const price = await cost();
      const { document } = await get(`/v1/accounts/${account}/runway`);
      const spent = 3n * price;
      expect(document).to.deep.nested.include({
        "windows[0].windowSeconds": "3600",
        "windows[0].spentMicros": `${spent}`,
        "windows[0].burnMicrosPerHour": `${spent}`,
        "windows[1].burnMicrosPerHour": `${spent / 24n}`,
      });
      // The allowance runs out before the account.
      expect(document).to.have.deep.nested.property("windows[0].runway", {
        secondsToZero: null,
        reason: "allowances_end",
        reckonedSeconds: `${((parseCredits("40") - spent) * 3_600n) / spent}`,
        leftMicros: `${parseCredits("60")}`,
      });
      const budgets = await get(`/v1/accounts/${account}/budgets`);
      expect(budgets.document).to.deep.nested.include({
        "budgets[0].allowance": allowance,
        "budgets[0].usedMicros": `${spent}`,
        "budgets[0].usedBps": `${(spent * 10_000n) / parseCredits("40")}`,
      });
    });

    it("reports liabilities, reconciled with the chain before and after settlement", async () => {
      const spent = 3n * (await cost());
      const before = await get("/v1/report");
      expect(before.status, JSON.stringify(before.document)).to.equal(200);
      expect(before.document["reconciled"], JSON.stringify(before.document)).to.equal(true);
      expect(before.document).to.have.nested.property(
        "liability.total.micros",
        `${parseCredits("100")}`,
      );
      expect(before.document).to.have.nested.property(
        "liability.unspent.micros",
        `${parseCredits("100") - spent}`,
      );
      expect(differenceOf(before, "spent")).to.be.oneOf([
        "not_in_a_checkpoint_yet",
        "checkpoint_not_final_yet",
      ]);

      await eventually("a pending checkpoint", async () => {
        const { document } = await get("/v1/report");
        return JSON.stringify(document).includes("checkpoint_not_final_yet");
      });
      await eventually("a final checkpoint", async () => {
        // The checkpoint may not be on chain yet, where its window starts.
        const newest = await stack.context.checkpoints.latest();
        if (newest?.status === "pending")
          await stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds + 1);
        const { document } = await get("/v1/report");
        return JSON.stringify(document).includes("row_not_settled_yet");
      });
      const final = await get("/v1/report");
      expect(final.document["reconciled"], JSON.stringify(final.document)).to.equal(true);

      for (const party of [source, account]) {
        // oxlint-disable-next-line no-await-in-loop -- one wallet sends its transactions one by one
        const proven = await createMeteringClient(stack.server.url).proof(party);
        // oxlint-disable-next-line no-await-in-loop -- as above
        await settleRow(stack.as(provider), proven);
      }
      await eventually("the settled rows in the ledger", async () => {
        const { document } = await get("/v1/report");
        return differenceOf({ document }, "spent") === undefined;
      });
      const after = await get("/v1/report");
      expect(after.document["reconciled"], JSON.stringify(after.document)).to.equal(true);
      expect(after.document).to.have.nested.property("liability.earningsDue.micros", "0");
      expect(differenceOf(after, "vaultTokens")).to.equal(undefined);
      expect((await csv("/v1/report"))[0]).to.equal("section,name,meter,micros,tokens");
    });

    it("reports tokens that reached the vault without a purchase", async () => {
      const hash = await stack.as(alice).wallet.writeContract({
        address: stack.token,
        abi: testDollarAbi,
        functionName: "mint",
        args: [stack.contract, 5n],
        account: alice.account,
        chain: null,
      });
      await stack.client.waitForTransactionReceipt({ hash });
      await eventually("the gift in the report", async () => {
        const { document } = await get("/v1/report");
        return differenceOf({ document }, "vaultTokens") === "sent_to_the_vault";
      });
      expect((await get("/v1/report")).document["reconciled"]).to.equal(true);
    });
  });
}

/** Returns the first reason why a number of the report differs from the chain's, if any. */
function differenceOf({ document }: Pick<Answer, "document">, name: string): unknown {
  const { comparisons } = document;
  if (!Array.isArray(comparisons)) return null;
  const found: unknown = comparisons.find((comparison) => Object(comparison).name === name);
  return Object(found).differences?.[0]?.because;
}
