import { expect } from "chai";
import { type Hex, zeroHash } from "viem";

import { createApiKey, createIssuingKey } from "@compute-credits/client/wallet/apiKey";
import { createPromotionCode } from "@compute-credits/client/wallet/promotionCode";
import {
  type AllowanceOptions,
  signRevocation,
} from "@compute-credits/client/wallet/signedAllowance";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import { eventually } from "../../scripts/local/eventually.ts";
import { type TestWallet, wallets } from "../../scripts/local/wallets.ts";
import { type Answer, expectProblem } from "../fixtures/http.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  stackKinds,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";

/** `alice` owns what her team spends; `operator` sponsors newcomers. */
const { alice, bob, provider, operator } = wallets;
/** The price of one request on the rate card, in micro-credits. */
const REQUEST = 10_000n;

// The HTTP side of docs/allowances.md: every kind of allowance from its creation to its end.
for (const kind of stackKinds) {
  describe(`allowances over HTTP on ${kind}`, () => {
    let stack: MeteredStack;
    let providerKey: string;
    /** names the provider, so that the allowance needs no granted access */
    const scope = { providers: [addressOf(provider)], meters: [] };

    before(async () => {
      stack = await startMeteredStack(kind);
      providerKey = await stack.registerProvider(provider);
      await stack.buyAndWait(alice, parseCredits("100"));
      await stack.buyAndWait(operator, parseCredits("100"));
    });
    after(() => stack.stop());

    describe("an API key with a monthly cap", () => {
      it("pays up to the cap, again in the next month, and nothing after its revocation", async () => {
        const { id, spender } = await inTime(async (turn) => {
          const payer = newSpender();
          const allowance = await created(alice, {
            spender: payer,
            limitMicros: 3n * REQUEST,
            period: { months: 1 },
            startsAt: monthsBefore(turn),
          });
          expect(await listed(alice)).to.include(allowance);
          expect(await use(payer, 2)).to.equal(2n * REQUEST);
          expect(await use(payer, 2)).to.equal("allowance_exhausted");
          expect(await remaining(allowance)).to.equal(REQUEST);
          return { id: allowance, spender: payer };
        });

        await eventually("the next month", async () => (await remaining(id)) === 3n * REQUEST);
        expect(await use(spender, 3)).to.equal(3n * REQUEST);
        await revoked(alice, id);
        expect(await use(spender, 1)).to.equal("allowance_revoked");
      });
    });

    describe("two API keys with the default accountCap", () => {
      it("each pay up to their own limit, whatever the other spends", async () => {
        const [first, second] = [newSpender(), newSpender()];
        for (const spender of [first, second]) {
          // oxlint-disable-next-line no-await-in-loop -- one key after the other
          await created(alice, { spender, limitMicros: 2n * REQUEST });
        }
        expect(await use(first, 2)).to.equal(2n * REQUEST);
        expect(await use(second, 2)).to.equal(2n * REQUEST);
        expect(await use(first, 1)).to.equal("allowance_exhausted");
      });
    });

    describe("a team member's budget", () => {
      it("is an allowance to the member's wallet and is listed as a budget", async () => {
        const spender = walletSpender(addressOf(bob));
        const id = await created(alice, {
          spender,
          limitMicros: 4n * REQUEST,
          period: { months: 1 },
        });
        expect(await use(spender, 1)).to.equal(REQUEST);
        const { document } = await get(`/v1/accounts/${addressOf(alice)}/budgets?limit=100`);
        const budget = rows(document["budgets"]).find(({ allowance }) => allowance === id);
        expect(budget).to.deep.include({
          status: "in_force",
          usedMicros: `${REQUEST}`,
          remainingMicros: `${3n * REQUEST}`,
          usedBps: "2500",
        });
        await revoked(alice, id);
        expect(await use(spender, 1)).to.equal("allowance_revoked");
      });
    });

    describe("a free trial", () => {
      it("is a sponsor's allowance that expires: unspent credits stay with the sponsor", async () => {
        const { id, spender } = await inTime(async (expiresAt) => {
          const payer = newSpender();
          const allowance = await created(operator, {
            spender: payer,
            limitMicros: 5n * REQUEST,
            expiresAt,
          });
          expect(await listed(operator)).to.include(allowance);
          expect(await use(payer, 1)).to.equal(REQUEST);
          return { id: allowance, spender: payer };
        });
        // More than its limit, so that this check spends nothing.
        await eventually("its end", async () => (await use(spender, 6)) === "allowance_expired");
        const { document } = await get(`/v1/allowances/${id}`);
        expect(document["spentMicros"]).to.equal(`${REQUEST}`);
      });
    });

    describe("a promotion with a code", () => {
      it("is redeemed maxRedemptions times, once per spender, with one signature of the sponsor", async () => {
        const { key, id: campaign } = await campaignOf(100n * REQUEST);
        const code = createPromotionCode();
        const terms = { limit: `${2n * REQUEST}`, maxRedemptions: 2, validSeconds: 3_600 };
        const codes = [{ codeHash: promotionCodeHash(code), ...terms }];
        const path = `/v1/allowances/${campaign}`;
        const added = await stack.request(`${path}/codes`, { body: { codes }, key });
        expect(added.document).to.include({ accepted: 1, refused: 0 });

        const redeem = (apiKey: string) =>
          stack.request(`${path}/redemptions`, { body: { code }, key: apiKey });
        const [first, second, third] = [createApiKey(), createApiKey(), createApiKey()];
        const answers = [await redeem(first), await redeem(first), await redeem(second)];
        expect(answers.map(({ status }) => status)).to.deep.equal([201, 200, 201]);
        expect(answers[1]?.document["id"]).to.equal(answers[0]?.document["id"]);
        expectProblem(await redeem(third), 409, "code_used_up");
        const wrong = { body: { code: createPromotionCode() }, key: third };
        const unknown = await stack.request(`${path}/redemptions`, wrong);
        expectProblem(unknown, 404, "code_not_found");
        const nowhere = `/v1/allowances/${zeroHash}/redemptions`;
        const elsewhere = await stack.request(nowhere, wrong);
        expect(elsewhere.document).to.deep.equal(unknown.document);
        for (const asked of [nowhere, `${path}/redemptions`]) {
          // oxlint-disable-next-line no-await-in-loop -- two
          const answer = await stack.request(asked, { body: { code } });
          expectProblem(answer, 401, "missing_credentials");
        }

        expect(await use(apiKeySpender(first), 2)).to.equal(2n * REQUEST);
        expect(await use(apiKeySpender(first), 1)).to.equal("allowance_exhausted");
        const listing = await stack.request(`${path}/codes`, { key });
        expect(rows(listing.document["codes"])[0]).to.include({ redemptions: "2", closedAt: null });
        expectProblem(await stack.request(`${path}/codes`), 401, "missing_credentials");
        const closure = `${path}/codes/${promotionCodeHash(code)}/closure`;
        expect((await stack.request(closure, { body: {}, key })).status).to.equal(200);
        expectProblem(await redeem(third), 403, "code_closed");
      });
    });

    describe("rewards for thousands", () => {
      it("are issued once each in one request, without a wallet, and end with their campaign", async () => {
        const { key, id: campaign } = await campaignOf(parseCredits("50"));
        const spenders = Array.from({ length: 1_000 }, () => newSpender());
        const grants = spenders.map((spender, n) => ({
          id: `reward-${n}`,
          spender,
          limit: `${3n * REQUEST}`,
        }));
        const path = `/v1/allowances/${campaign}/grants`;
        const issue = (body: unknown, by = key) => stack.request(path, { body, key: by });
        const first = await issue({ grants });
        expect(first.status).to.equal(200);
        expect(first.document).to.include({ accepted: 1_000, refused: 0 });
        const again = rows((await issue({ grants })).document["outcomes"]);
        expect(again.every(({ repeated }) => repeated === true)).to.equal(true);
        expect(again.map(({ allowance }) => allowance)).to.deep.equal(
          rows(first.document["outcomes"]).map(({ allowance }) => allowance),
        );
        expectProblem(await issue({ grants }, createApiKey()), 403, "wrong_key_kind");
        expectProblem(await issue({ grants }, createIssuingKey()), 401, "unknown_key");
        const others = await stack.registerIssuingKey(alice);
        expectProblem(await issue({ grants }, others), 404, "allowance_not_found");

        const page = await get(`${path}?limit=100`);
        expect(page.document["grants"]).to.be.an("array").with.length(100);
        expect(page.document["nextCursor"]).to.be.a("string");

        const [one = "0x", other = "0x"] = spenders;
        expect(await use(one, 1)).to.equal("account_not_accepted");
        for (const spender of spenders.slice(0, 3)) {
          // oxlint-disable-next-line no-await-in-loop -- three
          await accepted(operator, spender);
        }
        expect(await use(one, 3)).to.equal(3n * REQUEST);
        expect(await use(one, 1)).to.equal("allowance_exhausted");
        // The issuer revokes one grant with its key; the owner revokes all with one signature.
        const otherId = String(again[1]?.["allowance"]);
        const revocation = `/v1/allowances/${otherId}/revocation`;
        expectProblem(
          await stack.request(revocation, { body: {}, key: createApiKey() }),
          403,
          "wrong_key_kind",
        );
        expect((await stack.request(revocation, { body: {}, key })).status).to.equal(200);
        expect(await use(other, 1)).to.equal("allowance_revoked");
        await revoked(operator, campaign);
        expect(await use(spenders[2] ?? "0x", 1)).to.equal("campaign_revoked");
        expectProblem(await issue({ grants }), 403, "campaign_revoked");
      });
    });

    describe("a subscription with rollover", () => {
      it("renews its limit each period and carries over the rest up to the rollover", async () => {
        const { id, spender } = await inTime(async (turn, lead) => {
          const payer = newSpender();
          const allowance = await created(operator, {
            spender: payer,
            limitMicros: 4n * REQUEST,
            rolloverMicros: 2n * REQUEST,
            period: { seconds: lead },
            startsAt: turn - lead,
          });
          expect(await use(payer, 1)).to.equal(REQUEST);
          return { id: allowance, spender: payer };
        });
        await eventually("its renewal", async () => (await remaining(id)) === 6n * REQUEST);
        expect(await use(spender, 6)).to.equal(6n * REQUEST);
        await revoked(operator, id);
        expect(await use(spender, 1)).to.equal("allowance_revoked");
      });
    });

    describe("several accounts that pay for one spender", () => {
      it("pay in burn-down order, and each debit shows who paid how much within which limits", async () => {
        const spender = walletSpender(addressOf(alice));
        const { key, id: campaign } = await campaignOf(2n * REQUEST);
        const granted = await stack.request(`/v1/allowances/${campaign}/grants`, {
          body: { grants: [{ id: "welcome", spender, limit: `${9n * REQUEST}`, priority: 1 }] },
          key,
        });
        const grant = rows(granted.document["outcomes"])[0]?.["allowance"];
        await accepted(operator, spender);
        const reward = await created(operator, {
          spender,
          limitMicros: 3n * REQUEST,
          expiresAt: (await now()) + 3_600n,
          priority: 2,
        });
        const own = await created(alice, { spender, limitMicros: 100n * REQUEST, priority: 2 });

        const event = cloudEvent(spender, { quantity: 10 });
        const answer = await report(event);
        expect(answer.status).to.equal(201);
        expect(
          rows(answer.document["charges"]).map(({ allowance, amountMicros }) => [
            allowance,
            amountMicros,
          ]),
        ).to.deep.equal([
          [grant, `${2n * REQUEST}`],
          [reward, `${3n * REQUEST}`],
          [own, `${5n * REQUEST}`],
        ]);

        const path = `/v1/debits/${addressOf(provider)}/${event.id}/explain`;
        const explained = (await get(path)).document;
        expect(explained["costMicros"]).to.equal(`${10n * REQUEST}`);
        const [byGrant, byReward] = rows(explained["charges"]);
        expect(byGrant?.["limits"]).to.have.nested.property("campaignLimit.campaign", campaign);
        expect(byGrant?.["limits"]).to.have.nested.property("campaignLimit.leftMicros", "0");
        expect(byReward?.["limits"]).to.have.property("campaignLimit", null);
        for (const id of [campaign, reward]) await revoked(operator, id);
        await revoked(alice, own);
        expect(await use(spender, 1)).to.equal("allowance_revoked");
      });
    });

    // All at once, because each one takes several seconds.
    it("renew and expire, each kind of them", async () => {
      await inTime(renewAndExpire);
    });

    /** Has an allowance of each kind, whose limit renews twice within the lead. */
    async function renewAndExpire(expiresAt: bigint, lead: bigint): Promise<void> {
      const startsAt = expiresAt - lead;
      const period = lead / 3n;
      const ends = { limitMicros: 2n * REQUEST, period: { seconds: period }, startsAt, expiresAt };
      const owned = async (owner: TestWallet, spender: Hex, options = {}) => {
        const ids = [await created(owner, { spender, ...ends, ...options })];
        expect(await listed(owner)).to.include(ids[0]);
        return { spender, ids };
      };
      const lasting = { limit: `${2n * REQUEST}`, period: `${period}` };
      const granted = async (want: string) => {
        const apiKey = createApiKey();
        const spender = apiKeySpender(apiKey);
        const { key, id: campaign } = await campaignOf(100n * REQUEST);
        const path = `/v1/allowances/${campaign}`;
        if (want === "a promotion with a code") {
          const code = createPromotionCode();
          const terms = { ...lasting, maxRedemptions: 1, validSeconds: Number(lead) };
          const codes = [{ codeHash: promotionCodeHash(code), ...terms }];
          await stack.request(`${path}/codes`, { body: { codes }, key });
          await stack.request(`${path}/redemptions`, { body: { code }, key: apiKey });
        } else {
          const grants = [{ id: "reward", spender, ...lasting, expiresAt: `${expiresAt}` }];
          await stack.request(`${path}/grants`, { body: { grants }, key });
          await accepted(operator, spender);
        }
        const [grant] = rows((await get(`${path}/grants`)).document["grants"]);
        return { spender, ids: [hexOf(grant?.["id"])] };
      };
      const shared = newSpender();
      const half = { limitMicros: REQUEST };
      const wants = {
        "an API key with a monthly cap": await owned(alice, newSpender()),
        "a team member's budget": await owned(alice, walletSpender(addressOf(provider))),
        "a free trial": await owned(operator, newSpender()),
        "a promotion with a code": await granted("a promotion with a code"),
        "a reward": await granted("a reward"),
        // The rollover changes nothing here, because nothing is left to carry over.
        "a subscription": await owned(operator, newSpender(), { rolloverMicros: REQUEST }),
        "several accounts for one spender": {
          spender: shared,
          ids: [
            ...(await owned(alice, shared, half)).ids,
            ...(await owned(operator, shared, half)).ids,
          ],
        },
      };
      await Promise.all(
        Object.entries(wants).map(async ([want, { spender, ids }]) => {
          const left = async () => (await Promise.all(ids.map(remaining))).reduce((a, b) => a + b);
          expect(await use(spender, 2), want).to.equal(2n * REQUEST);
          await eventually(`the renewal of ${want}`, async () => (await left()) >= 2n * REQUEST);
          expect(await use(spender, 2), want).to.equal(2n * REQUEST);
          // More than its limit, so that this check spends nothing.
          const isOver = async () => (await use(spender, 9)) === "allowance_expired";
          await eventually(`the end of ${want}`, isOver);
        }),
      );
    }

    /**
     * Does what must be done before a time, a lead from now. If it fails because the machine was
     * too slow, tries again with a longer lead.
     */
    async function inTime<T>(attempt: (turn: bigint, lead: bigint) => Promise<T>): Promise<T> {
      for (const lead of [3n, 12n]) {
        // oxlint-disable no-await-in-loop -- one attempt after the other
        const turn = (await now()) + lead;
        try {
          return await attempt(turn, lead);
        } catch (error) {
          if ((await now()) < turn) throw error;
        }
        // oxlint-enable no-await-in-loop
      }
      return await attempt((await now()) + 48n, 48n);
    }

    async function now(): Promise<bigint> {
      return BigInt(Math.floor((await stack.context.allowances.now()).getTime() / 1000));
    }

    const get = (path: string) => stack.readAll(path);

    const report = (body: unknown) => stack.request("/v1/usage", { body, key: providerKey });

    /** Signs an allowance as its owner and posts it. */
    async function created(owner: TestWallet, options: Partial<AllowanceOptions>): Promise<Hex> {
      const signed = await stack.sign(owner, { scope, ...options });
      const { status, document } = await stack.postAccepted(signed);
      expect(status, JSON.stringify(document)).to.equal(201);
      return hexOf(document["id"]);
    }

    /** Lets a spender accept an account, as with its key. */
    async function accepted(owner: TestWallet, spender: Hex): Promise<void> {
      const pair = { spender, account: addressOf(owner) };
      const change = { ...pair, accepted: true, proof: { how: "key" } } as const;
      expect(await stack.context.acceptances.change(change)).to.not.have.property("refusal");
    }

    /** Creates a campaign: one signed allowance of the sponsor, and a key that issues from it. */
    async function campaignOf(limitMicros: bigint): Promise<{ key: string; id: Hex }> {
      const id = await created(operator, { spender: newSpender(), limitMicros });
      return { key: await stack.registerIssuingKey(operator, id), id };
    }

    async function revoked(owner: TestWallet, id: Hex): Promise<void> {
      const signature = await signRevocation(stack.as(owner).wallet, stack.deployment, id);
      const { status } = await stack.request(`/v1/allowances/${id}/revocation`, {
        body: { signature },
      });
      expect(status).to.equal(200);
    }

    async function listed(owner: TestWallet): Promise<unknown[]> {
      const ids: unknown[] = [];
      let query: string | null = "limit=2";
      while (query !== null) {
        // oxlint-disable-next-line no-await-in-loop -- each page names the next
        const answer = await get(`/v1/accounts/${addressOf(owner)}/allowances?${query}`);
        ids.push(...rows(answer.document["allowances"]).map(({ id }) => id));
        const next = answer.document["nextCursor"];
        query = typeof next === "string" ? `limit=2&cursor=${next}` : null;
      }
      return ids;
    }

    async function remaining(id: Hex): Promise<bigint> {
      return BigInt(String((await get(`/v1/allowances/${id}`)).document["remainingMicros"]));
    }

    /** Records a number of requests. Returns their cost or the reason of the refusal. */
    async function use(spender: Hex, quantity: number): Promise<bigint | string> {
      const { status, document } = await report(cloudEvent(spender, { quantity }));
      return status === 201 ? BigInt(String(document["costMicros"])) : String(document["reason"]);
    }
  });
}

/** Returns a time, in seconds, from which a number of whole months lead to the given one. */
function monthsBefore(turn: bigint): bigint {
  const end = new Date(Number(turn) * 1_000);
  // A month without the 31st would move the turn.
  for (let months = 1; ; months++) {
    const start = new Date(end);
    start.setUTCMonth(end.getUTCMonth() - months);
    if (start.getUTCDate() === end.getUTCDate()) return BigInt(start.getTime() / 1_000);
  }
}

function newSpender(): Hex {
  return apiKeySpender(createApiKey());
}

function rows(list: Answer["document"][string]): Readonly<Record<string, unknown>>[] {
  expect(list).to.be.an("array");
  return Array.isArray(list) ? list.map((row: object) => ({ ...row })) : [];
}

function hexOf(value: unknown): Hex {
  return `0x${String(value).slice(2)}`;
}
