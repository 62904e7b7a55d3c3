import { once } from "node:events";
import { request } from "node:http";

import { expect } from "chai";
import { pad } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { settleRow } from "@compute-credits/client/chain/credits";
import { createMeteringClient } from "@compute-credits/client/http/meteringClient";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { type HttpApi, openHttpApi } from "../fixtures/httpApi.ts";
import { bothStacks, cloudEvent, addressOf } from "../fixtures/meteredStack.ts";

const { alice, bob, signer } = wallets;

const bearer = (key: string) => `Bearer ${key}`;

for (const kind of bothStacks) {
  describe(`what is read over HTTP on ${kind}`, () => {
    let api: HttpApi;

    before(async () => {
      api = await openHttpApi(kind);
    });
    after(() => api.stop());

    const wrongRequests: readonly (readonly [string, string, number, string])[] = [
      ["GET", "/v1/nothing", 404, "route_not_found"],
      ["GET", "/", 404, "route_not_found"],
      ["DELETE", "/v1/usage", 404, "route_not_found"],
      ["GET", "/v1/accounts/alice", 400, "invalid_request"],
      ["GET", "/v1/accounts/%E0%A4%A", 400, "unreadable_request"],
      ["GET", `/v1/accounts/${pad("0x1", { size: 20 })}/proof`, 404, "row_not_found"],
      ["GET", "/v1/allowances/0x12", 400, "invalid_request"],
      ["GET", `/v1/allowances/${pad("0x1", { size: 32 })}9`, 400, "invalid_request"],
      ["GET", `/v1/allowances/${pad("0x2", { size: 32 })}`, 401, "missing_credentials"],
      ["GET", "/v1/checkpoints/0", 400, "invalid_request"],
      ["GET", "/v1/checkpoints/-1", 400, "invalid_request"],
      ["GET", "/v1/checkpoints/99999999999999999999", 400, "invalid_request"],
      ["GET", "/v1/checkpoints/999", 404, "checkpoint_not_found"],
      ["GET", "/v1/checkpoints/999/rows", 404, "checkpoint_not_found"],
      ["GET", "/v1/checkpoints?limit=0", 400, "invalid_request"],
      ["GET", "/v1/checkpoints?limit=101", 400, "invalid_request"],
      ["GET", "/v1/checkpoints?cursor=a", 400, "invalid_cursor"],
      ["GET", "/v1/checkpoints?page=2", 400, "invalid_request"],
      ["GET", "/v1/checkpoints?limit=1&limit=2", 400, "invalid_request"],
    ];
    const wrongChecksum = "0x70997970c51812dc3A010C7d01b50e0d17dc79C8";
    for (const path of [
      `/v1/accounts/${wrongChecksum}`,
      `/v1/accounts/${wrongChecksum}/allowances`,
      `/v1/accounts/${wrongChecksum}/budgets`,
      `/v1/accounts/${wrongChecksum}/debits`,
      `/v1/accounts/${wrongChecksum}/proof`,
      `/v1/accounts/${wrongChecksum}/runway`,
      `/v1/accounts/${wrongChecksum}/usage`,
      `/v1/providers/${wrongChecksum}/debits`,
      `/v1/providers/${wrongChecksum}/earnings`,
      `/v1/debits/${wrongChecksum}/event/explain`,
      `/v1/debits/${wrongChecksum}/explain?eventId=event`,
      `/v1/dynamic-rates/${wrongChecksum}`,
      `/v1/dynamic-rates/${wrongChecksum}/rate`,
      `/v1/rate-cards?provider=${wrongChecksum}`,
      `/v1/accounts/${addressOf(alice)}/debits?spender=${wrongChecksum}`,
    ]) {
      it(`answers GET ${path}, with a wrong checksum, with 400`, async () => {
        await api.refuses(() => api.stack.readAll(path), 400, "invalid_request");
      });
    }

    for (const [method, path, status, reason] of wrongRequests) {
      it(`answers ${method} ${path} with ${status} ${reason}`, async () => {
        const headers = status === 401 ? {} : await api.stack.readAs(signer);
        await api.refuses(() => api.stack.request(path, { method, headers }), status, reason);
      });
    }

    it("refuses two Authorization headers, and keys that are no printable ASCII", async () => {
      expect(await reasonOf([bearer("cck_one"), bearer("cck_two")])).to.equal("unreadable_request");
      expect(await reasonOf([bearer("cck_\u00e9")])).to.equal("missing_credentials");
      expect(await reasonOf([bearer("cck_one")])).to.equal(undefined);
    });

    /** Why a request with these headers is refused: `fetch` would join them. */
    async function reasonOf(authorization: readonly string[]): Promise<unknown> {
      const sent = request(new URL("/v1/me", api.stack.server.url), {
        headers: ["host", "test", ...authorization.flatMap((one) => ["authorization", one])],
      }).end();
      const [response] = await once(sent, "response");
      let text = "";
      for await (const chunk of response) text += String(chunk);
      return new Map(Object.entries(Object(JSON.parse(text)))).get("reason");
    }

    it("is zeros for an address that was never heard of", async () => {
      const { status, document } = await api.stack.readAll(
        `/v1/accounts/${pad("0x5", { size: 20 })}`,
      );
      expect(status).to.equal(200);
      expect(document).to.include({
        purchasedMicros: "0",
        spentMicros: "0",
        availableMicros: "0",
        earnedMicros: "0",
        counter: "0",
      });
    });

    it("tells the deployment, the prices and its health", async () => {
      const deployment = await api.stack.request("/v1/deployment");
      expect(deployment.document["lens"]).to.match(/^0x[0-9a-f]{40}$/);
      expect(deployment.document["domain"]).to.deep.equal({
        name: "ComputeCredits",
        version: "1",
        chainId: 31_337,
        verifyingContract: api.stack.contract.toLowerCase(),
      });
      const { document } = await api.stack.request("/v1/rate-cards");
      expect(document["rateCards"]).to.be.an("array").with.length(1);

      expect(await api.stack.request("/healthz")).to.deep.include({
        status: 200,
        document: { status: "alive" },
      });
      const ready = await eventually("readiness", async () => {
        const answer = await api.stack.request("/readyz");
        return answer.status === 200 && answer;
      });
      expect(ready.document).to.deep.equal({
        status: "ready",
        checks: [
          "database",
          "metering",
          "chain",
          "ledger",
          "cosigning",
          "reconciliation",
          "deposits",
          "keeper",
          "indexer",
          "payouts",
          "expiry",
          "offers",
          "callers",
          "daily sums",
          "forget requests",
          "log",
          "settler",
          "webhook log",
          // With an embedded database the server makes itself a key for its webhooks' secrets.
          ...(kind === "PGlite" ? ["webhooks", "webhook notices"] : []),
          "watch",
        ].map((name) => ({ name, error: null })),
      });
      for (const [scope, names] of [
        ["metering", ["database", "metering", "ledger"]],
        [
          "chain",
          [
            "database",
            "chain",
            "cosigning",
            "reconciliation",
            "deposits",
            "keeper",
            "indexer",
            "payouts",
            "settler",
            "watch",
          ],
        ],
      ] as const) {
        // oxlint-disable-next-line no-await-in-loop -- two routes
        const answer = await api.stack.request(`/readyz/${scope}`);
        const checks = names.map((name) => ({ name, error: null }));
        expect(answer).to.deep.include({ status: 200, document: { status: "ready", checks } });
      }
    });

    it("proves a party's row, and the contract settles it", async () => {
      await api.report(cloudEvent(api.spender));
      const metering = createMeteringClient(api.stack.server.url);
      const { spent } = await api.stack.context.accounts.balance(addressOf(alice));
      const proven = await eventually("a final checkpoint", async () => {
        const [newest] = await api.stack.context.checkpoints.list({ before: null, limit: 1 });
        if (newest?.status === "pending") {
          await api.stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
        }
        const proof = await metering.proof(addressOf(alice)).catch(() => null);
        return proof !== null && proof.row.spent === spent && proof;
      });

      await settleRow(api.stack.as(bob), proven);
      const [, spentOnChain] = await api.stack.client.readContract({
        address: api.stack.contract,
        abi: computeCreditsAbi,
        functionName: "party",
        args: [addressOf(alice)],
      });
      expect(spentOnChain).to.equal(spent);
      const { document } = await api.stack.request(`/v1/checkpoints/${proven.epoch}/rows`);
      expect(document).to.include({ status: "final" });
      expect(document["rows"]).to.deep.include({
        party: addressOf(alice),
        spent: `${spent}`,
        refunded: "0",
        earned: "0",
      });
    });
  });
}
