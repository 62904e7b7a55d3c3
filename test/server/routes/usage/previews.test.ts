import { expect } from "chai";
import type { Hex } from "viem";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import { weightOfRequest } from "../../../../server/http/rates/routeWeight.ts";
import { createApprovalStore } from "../../../../server/stores/providers/postgresApprovalStore.ts";
import { bothDatabases } from "../../../fixtures/databases.ts";
import { expectProblem } from "../../../fixtures/http.ts";
import { type Ledger, openLedger, party } from "../../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../../fixtures/ledgerServer.ts";

const [payer, provider, other, wallet] = [party(1), party(2), party(3), party(4)];
const spenderKey = createApiKey();
const spender = apiKeySpender(spenderKey);
const units = (...quantities: number[]) =>
  quantities.map((quantity) => ({ meter: "units", quantity }));

const paid = (allowance: Hex, costMicros: string) => ({
  result: "payable",
  costMicros,
  rateCardVersion: 1,
  charges: [{ account: payer, allowance, amountMicros: costMicros }],
});

for (const { name, open } of bothDatabases) {
  describe(`POST /v1/previews on ${name}`, () => {
    let ledger: Ledger;
    let server: LedgerServer;
    let providerKey: string;
    let allowance: Hex;

    before(async () => {
      ledger = await openLedger(await open());
      server = await serveLedger(ledger, { maxPriceMeasurements: 3, maxDimensionValueLength: 4 });
      providerKey = await server.keyOf(provider);
      await ledger.purchase(payer, "0.0001");
      ({ id: allowance } = await ledger.allow(payer, { spender, limit: 50n }));
      await ledger.grantAccess(spender, provider);
    });
    after(async () => {
      await server.stop();
      await ledger.database.close();
    });

    const preview = (key: string | null, body: object) =>
      server.request("/v1/previews", { ...(key === null ? {} : { key }), body });

    it("tells a spender what each costs, who pays, and which limit refuses", async () => {
      const { status, document } = await preview(spenderKey, {
        provider,
        measurements: units(30, 21, 20),
      });
      expect(status).to.equal(200);
      expect(document).to.deep.include({
        provider,
        spender,
        payable: 2,
        refused: 1,
        totalMicros: "50",
      });
      expect(document).to.have.deep.nested.property("previews.0", paid(allowance, "30"));
      expect(document).to.have.deep.nested.property("previews.2", paid(allowance, "20"));
      expect(document).to.have.nested.property("previews.1.result", "refused");
      expect(document).to.have.nested.property("previews.1.problem.reason", "allowance_exhausted");
      expect(document).to.have.nested.property("previews.1.problem.neededMicros", "21");
      expect(document).to.have.nested.property("previews.1.problem.availableMicros", "20");
    });

    it("answers a provider and the spender the same, with the debit's problem", async () => {
      const asSpender = await preview(spenderKey, { provider, measurements: units(60) });
      const asProvider = await preview(providerKey, { spender, measurements: units(60) });
      const event = {
        specversion: "1.0",
        type: "compute-credits.usage.v1",
        source: provider,
        id: "too much",
        time: new Date().toISOString(),
        subject: spender,
        data: units(60)[0],
      };
      const debit = await server.request("/v1/usage", {
        key: providerKey,
        body: { ...event, id: "too-much" },
      });
      expectProblem(debit, 402, "allowance_exhausted");
      for (const { document } of [asSpender, asProvider]) {
        expect(document["previews"]).to.deep.equal([
          { result: "refused", problem: debit.document },
        ]);
      }
    });

    it("takes a wallet's session as the spender", async () => {
      const key = await server.sessionOf(wallet);
      const { status, document } = await preview(key, { provider, measurements: units(1) });
      expect(status).to.equal(200);
      expect(document["spender"]).to.equal(walletSpender(wallet));
      expect(document).to.have.nested.property("previews.0.problem.reason", "access_not_granted");
    });

    it("tells a provider without access only that it has none", async () => {
      const key = await server.keyOf(other);
      const { document } = await preview(key, { spender, measurements: units(1, 1_000) });
      for (const n of [0, 1]) {
        expect(document).to.have.nested.property(
          `previews.${n}.problem.reason`,
          "access_not_granted",
        );
        expect(document).to.not.have.nested.property(`previews.${n}.problem.availableMicros`);
      }
    });

    it("refuses everybody else", async () => {
      const body = { provider, spender, measurements: units(1) };
      expectProblem(await preview(null, body), 401, "missing_credentials");
      expectProblem(await preview(createApiKey(), body), 403, "not_permitted");
      expectProblem(
        await preview(providerKey, { ...body, provider: other }),
        403,
        "source_mismatch",
      );
      expectProblem(await preview(`ccik_${"1".repeat(43)}`, body), 401, "unknown_key");
      expectProblem(await preview(`ccvk_${"1".repeat(43)}`, body), 401, "unknown_key");
    });

    it("refuses work of a provider whom no operator approved, as its report would be", async () => {
      const approvals = createApprovalStore(ledger.database, "signed");
      const strict = await serveLedger({ ...ledger, approvals });
      try {
        const body = { provider, measurements: units(1) };
        const answer = await strict.request("/v1/previews", { key: spenderKey, body });
        expectProblem(answer, 403, "provider_not_approved");
      } finally {
        await strict.stop();
      }
    });

    it("says what is missing, and keeps the list short", async () => {
      const measurements = units(1);
      expectProblem(await preview(spenderKey, { measurements }), 400, "invalid_request");
      expectProblem(await preview(providerKey, { measurements }), 400, "invalid_request");
      const body = { provider, measurements: units(1, 1, 1, 1) };
      expectProblem(await preview(spenderKey, body), 400, "invalid_request");
      const none = { provider, measurements: [] };
      expectProblem(await preview(spenderKey, none), 400, "invalid_request");
    });

    it("refuses a label that a report's event may not have, and previews the others", async () => {
      const [one] = units(1);
      const { document } = await preview(spenderKey, {
        provider,
        measurements: [one, { ...one, dimensions: { gpu: "H100-80GB" } }, one],
      });
      expect(document).to.include({ payable: 2, refused: 1 });
      expect(document).to.have.nested.property("previews.1.problem.reason", "label_too_long");
    });

    it("weighs as a heavy read", () => {
      expect(weightOfRequest("POST", "/previews")).to.equal("heavyRead");
    });
  });
}
