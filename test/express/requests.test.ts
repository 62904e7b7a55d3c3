import { signRequest } from "@slicekit/erc8128";
import { expect } from "chai";
import express from "express";
import { type PrivateKeyAccount, generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { createApi } from "@compute-credits/client/http/api";
import { createApiKey, createProviderKey } from "@compute-credits/client/wallet/apiKey";
import { type CreditsOptions, createCredits, keepBody } from "@compute-credits/express";
import { createMetering } from "@compute-credits/express/charge/createMetering";
import type { Metering } from "@compute-credits/express/charge/metering";
import type { Database } from "@compute-credits/platform/postgres/database";
import { walletSpender } from "@compute-credits/protocol/messages/spender";
import { postgres } from "../fixtures/databases.ts";
import { expectProblem, send } from "../fixtures/http.ts";
import { type Listening, startListening } from "../fixtures/listening.ts";
import { deployment } from "../fixtures/ledger.ts";
import { type MeteringRig, openMeteringRig } from "../fixtures/meteringRig.ts";

const ORIGIN = "https://api.example";

describe("a request for paid work", () => {
  let database: Database;
  let rig: MeteringRig;
  let service: Listening;
  const opened: Listening[] = [];
  /** bodies that reached the handler */
  const served: unknown[] = [];
  /** what the next handlers wait for */
  let gate: Promise<unknown> = Promise.resolve();
  let fails = false;

  before(async () => {
    database = await postgres.open();
    rig = await openMeteringRig(database);
    service = await serve();
  });
  after(async () => {
    await Promise.all(opened.map(async (one) => await one.stop()));
    await rig.stop();
    await database.close();
  });
  beforeEach(() => {
    served.length = 0;
    gate = Promise.resolve();
    fails = false;
  });

  /** A process of the service: several share what the metering server remembers. */
  async function serve(options: Partial<CreditsOptions> = {}): Promise<Listening> {
    const credits = createCredits({
      server: rig.server.url,
      key: rig.providerKey,
      wallets: { origin: ORIGIN, chainId: deployment.chainId },
      onError: (error) => {
        throw error;
      },
      ...options,
    });
    const app = express();
    app.use(express.json({ verify: keepBody }));
    app.post(
      "/work",
      credits.charge({
        lines: (req) => ({ work: { meter: "units", quantity: BigInt(req.body?.most ?? 70) } }),
      }),
      async (req, res) => {
        served.push(req.body);
        await gate;
        res.status(fails ? 500 : 200).json({ done: !fails });
      },
    );
    const one = await startListening(app);
    opened.push(one);
    return one;
  }

  const post = async (
    key: string | undefined,
    headers: Readonly<Record<string, string>> = {},
    { body = { job: 1 }, at = service }: { body?: unknown; at?: Listening } = {},
  ) => await send(`${at.url}/work`, { body, headers, ...(key === undefined ? {} : { key }) });

  describe("is refused before the work begins", () => {
    afterEach(() => expect(served).to.deep.equal([]));

    for (const [what, key] of [
      ["no key", undefined],
      ["a provider's key", createProviderKey()],
      ["a text that is no key", "short"],
    ] as const) {
      it(`with ${what}: 401`, async () => {
        const answer = await post(key);
        expectProblem(answer, 401, "missing_credentials");
        expect(answer.headers.get("www-authenticate")).to.equal("Bearer");
      });
    }

    it("with a key that no account signed for: 403", async () => {
      expectProblem(await post(createApiKey()), 403, "allowance_not_found");
    });

    it("without enough credits: 402, and how to buy them as x402 says it", async () => {
      const { account, apiKey } = await rig.customer("0.00005");
      const answer = await post(apiKey);
      expectProblem(answer, 402, "insufficient_credits");
      expect(answer.document["missingMicros"]).to.equal("20");
      const header = answer.headers.get("payment-required") ?? "";
      const { x402Version, accepts, resource } = JSON.parse(
        Buffer.from(header, "base64").toString(),
      );
      expect(x402Version).to.equal(2);
      expect(resource.url).to.equal(`${ORIGIN}/work`);
      expect(accepts).to.have.length(1);
      expect(accepts[0]).to.deep.include({
        scheme: "compute-credits",
        network: "eip155:31337",
        amount: "20",
        payTo: deployment.contract,
      });
      expect(accepts[0].extra).to.deep.include({ account, creditMicros: "20" });
    });

    it("at a signed limit: 402 with nothing to buy", async () => {
      const { apiKey } = await rig.customer("1", { limit: 50n });
      const answer = await post(apiKey);
      expectProblem(answer, 402, "allowance_exhausted");
      const header = answer.headers.get("payment-required") ?? "";
      expect(JSON.parse(Buffer.from(header, "base64").toString()).accepts).to.deep.equal([]);
    });

    it("while the metering server is away: 503, and when to come again", async () => {
      const errors: unknown[] = [];
      const at = await serve({
        server: "http://127.0.0.1:9",
        onError: (error) => errors.push(error),
      });
      const { apiKey } = await rig.customer("1");
      const answer = await post(apiKey, {}, { at });
      expectProblem(answer, 503, "metering_unreachable");
      expect(answer.headers.get("retry-after")).to.equal("5");
      expect(errors).to.have.length(1);
    });

    it("with a key that the metering server does not know as a provider's: 503", async () => {
      const errors: unknown[] = [];
      const at = await serve({
        key: createProviderKey(),
        onError: (error) => errors.push(error),
      });
      const { apiKey } = await rig.customer("1");
      expectProblem(await post(apiKey, {}, { at }), 503, "metering_misconfigured");
      expect(errors).to.have.length(1);
    });

    it("with an Idempotency-Key that is too long: 400", async () => {
      const { apiKey } = await rig.customer("1");
      const answer = await post(apiKey, { "idempotency-key": "k".repeat(256) });
      expectProblem(answer, 400, "idempotency_key_invalid");
    });
  });

  describe("with an Idempotency-Key", () => {
    const key = { "idempotency-key": "job-1" };

    it("is served and charged once", async () => {
      const { account, apiKey } = await rig.customer("1");
      expect((await post(apiKey, key)).status).to.equal(200);
      const again = await post(apiKey, key);
      expectProblem(again, 409, "already_charged");
      expect(again.document["costMicros"]).to.equal("70");
      expect(again.headers.get("x-should-retry")).to.equal("false");
      expect(served).to.have.length(1);
      expect(await rig.spent(account)).to.deep.equal({ spent: 70n, held: 0n });
    });

    it("is served and charged once in several processes that get it at once", async () => {
      const { account, apiKey } = await rig.customer("1");
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      const others = await Promise.all([serve(), serve()]);
      const sent = [service, ...others].map(async (at) => {
        const { status } = await post(apiKey, key, { at });
        // Those that are refused let the one that is served go on.
        if (status === 409) resolve();
        return status;
      });
      expect(await Promise.all(sent)).to.have.members([200, 409, 409]);
      expect(served).to.have.length(1);
      expect(await rig.spent(account)).to.deep.equal({ spent: 70n, held: 0n });
    });

    it("is served again after it failed, five times in all", async () => {
      const { account, apiKey } = await rig.customer("1");
      fails = true;
      for (let attempt = 0; attempt < 5; attempt++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect((await post(apiKey, key)).status).to.equal(500);
      }
      expectProblem(await post(apiKey, key), 409, "too_many_attempts");
      expect(await rig.spent(account)).to.deep.equal({ spent: 0n, held: 0n });
    });

    it("is served and charged at the second attempt if the first failed", async () => {
      const { account, apiKey } = await rig.customer("1");
      fails = true;
      await post(apiKey, key);
      fails = false;
      expect((await post(apiKey, key)).status).to.equal(200);
      expectProblem(await post(apiKey, key), 409, "already_charged");
      expect(await rig.spent(account)).to.deep.equal({ spent: 70n, held: 0n });
    });

    it("is another request of another caller, and another one with other work is refused", async () => {
      const { apiKey } = await rig.customer("1");
      const other = await rig.customer("1");
      expect((await post(apiKey, key)).status).to.equal(200);
      expect((await post(other.apiKey, key)).status).to.equal(200);
      const answer = await post(apiKey, key, { body: { most: 71 } });
      expectProblem(answer, 409, "idempotency_key_reused");
    });
  });

  it("is charged once if the answers of its captures are lost", async () => {
    const metering = createMetering(createApi(rig.server.url, { key: rig.providerKey }));
    let lost = 0;
    const losing: Metering = {
      ...metering,
      async capture(...args) {
        const cost = await metering.capture(...args);
        if (++lost < 3) throw new CreditsError("lost", { reason: "server_unreachable" });
        return cost;
      },
    };
    const at = await serve({ metering: losing });
    const { account, apiKey } = await rig.customer("1");
    const answer = await post(apiKey, {}, { at });
    expect(answer.headers.get("credits-cost")).to.equal("70");
    expect(lost).to.equal(3);
    expect(await rig.spent(account)).to.deep.equal({ spent: 70n, held: 0n });
  });

  /** A wallet that gave the provider access. */
  async function walletWithCredits() {
    const wallet = privateKeyToAccount(generatePrivateKey());
    const spender = walletSpender(wallet.address);
    const { account } = await rig.customer("1", { spender });
    await rig.ledger.grantAccess(spender, rig.provider);
    return { wallet, account };
  }

  describe("that a wallet signed", () => {
    const BODY = JSON.stringify({ job: 1 });

    async function signed(
      wallet: PrivateKeyAccount,
      { origin = ORIGIN, chainId = deployment.chainId } = {},
    ): Promise<Record<string, string>> {
      const request = await signRequest(
        `${origin}/work`,
        { method: "POST", body: BODY },
        {
          chainId,
          address: wallet.address,
          signMessage: async (raw) => await wallet.signMessage({ message: { raw } }),
        },
      );
      const names = ["signature", "signature-input", "content-digest"];
      return Object.fromEntries(names.map((name) => [name, request.headers.get(name) ?? ""]));
    }

    it("is charged to the wallet's credits", async () => {
      const { wallet, account } = await walletWithCredits();
      expect((await post(undefined, await signed(wallet), { body: BODY })).status).to.equal(200);
      expect(await rig.spent(account)).to.deep.equal({ spent: 70n, held: 0n });
    });

    it("is served once, also with a key that the wallet did not sign", async () => {
      const { wallet, account } = await walletWithCredits();
      const headers = await signed(wallet);
      await post(undefined, headers, { body: BODY });
      const again = await post(undefined, { ...headers, "idempotency-key": "x" }, { body: BODY });
      expectProblem(again, 409, "already_charged");
      expect(await rig.spent(account)).to.deep.equal({ spent: 70n, held: 0n });
    });

    it("is refused with another body, for another service, or for another chain", async () => {
      const { wallet, account } = await walletWithCredits();
      const attempts = [
        await post(undefined, await signed(wallet), { body: { job: 2 } }),
        await post(undefined, await signed(wallet, { origin: "https://other.example" }), {
          body: BODY,
        }),
        await post(undefined, await signed(wallet, { chainId: 1 }), { body: BODY }),
      ];
      for (const answer of attempts) expectProblem(answer, 401, "invalid_signature");
      expect(served).to.deep.equal([]);
      expect(await rig.spent(account)).to.deep.equal({ spent: 0n, held: 0n });
    });
  });
});
