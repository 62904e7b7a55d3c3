import { expect } from "chai";
import * as fc from "fast-check";
import type { Hex } from "viem";

import { promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import { openAudited, person } from "../../../fixtures/audited.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { repeated } from "../../../fixtures/effort.ts";
import { openLedger, usageEvent } from "../../../fixtures/ledger.ts";

const provider = person("provider").address;
const ACCOUNTS = [person("alice"), person("sponsor")] as const;
const SPENDERS = [apiKeySpender("first"), apiKeySpender("second")] as const;
const PURCHASED = 80n;
const KEY = { how: "key" } as const;

/** A code of each account's campaign. */
const CODE = { limit: 7n, redemptions: 2 };
const CAMPAIGN_LIMIT = 10n;
const OFFER_LIMIT = 15n;

const anyPair = { account: fc.nat(1), spender: fc.nat(1) };
const anyOp = fc.oneof(
  { weight: 2, arbitrary: fc.record({ op: fc.constant("offer" as const), ...anyPair }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("post" as const), ...anyPair }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("accept" as const), ...anyPair }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("end" as const), ...anyPair }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("redeem" as const), ...anyPair }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("revoke" as const), nth: fc.nat(9) }) },
  {
    weight: 9,
    arbitrary: fc.record({
      op: fc.constant("spend" as const),
      spender: fc.nat(1),
      quantity: fc.bigInt({ min: 1n, max: 8n }),
    }),
  },
);
type Op = typeof anyOp extends fc.Arbitrary<infer Value> ? Value : never;

/** What one allowance can still pay, as a person would keep it on paper. */
interface Paper {
  readonly id: Hex;
  readonly account: number;
  readonly spender: number | null;
  readonly priority: number;
  readonly campaign: Paper | null;
  left: bigint;
  isRevoked: boolean;
}

for (const kind of databaseKinds) {
  describe(`acceptances in any order on ${kind.name}`, () => {
    let audited: Awaited<ReturnType<typeof openAudited>>;

    before(async () => {
      audited = await openAudited(kind);
    });
    after(() => audited.close());

    it("pay from accepted accounts alone, in burn-down order, and auditors agree", async () => {
      let [debited, refused] = [0, 0];
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(anyOp, fc.nat(3)), { minLength: 20, maxLength: 30 }),
          async (ops) => {
            const run = await begin();
            for (const [op, server] of ops) {
              // oxlint-disable-next-line no-await-in-loop -- one after the other
              await run.apply(op, server === 0);
            }
            await run.check();
            debited += run.counts.debited;
            refused += run.counts.refused;
          },
        ),
        { numRuns: repeated(8) },
      );
      expect(debited).to.be.greaterThan(0);
      expect(refused).to.be.greaterThan(0);
    });

    async function begin() {
      const scene = await audited.begin();
      const { ledger } = scene;
      const other = await openLedger(ledger.database);
      const papers: Paper[] = [];
      const campaigns: Paper[] = [];
      const credits = [PURCHASED, PURCHASED];
      /** accepted pairs, as `account/spender` */
      const accepted = new Set<string>();
      const redeemed = new Map<string, number>();
      const counts = { debited: 0, refused: 0 };
      let priorities = 0;
      // All are different, and not in the order of their allowances.
      const nextPriority = () => (++priorities * 37) % 251;

      for (const [account, owner] of ACCOUNTS.entries()) {
        // oxlint-disable no-await-in-loop -- one after the other
        await scene.buy(owner, PURCHASED);
        const priority = nextPriority();
        const { id } = await scene.allow(owner, { limit: CAMPAIGN_LIMIT, priority });
        const paper = { id, account, spender: null, priority, campaign: null };
        campaigns.push({ ...paper, left: CAMPAIGN_LIMIT, isRevoked: false });
        const terms = { period: 0n, rollover: 0n, priority: nextPriority(), scope: null };
        const codeHash = promotionCodeHash("WELCOME");
        const code = { codeHash, limit: CODE.limit, ...terms, redeemBy: 0n, validSeconds: 0n };
        const maxRedemptions = BigInt(CODE.redemptions);
        await ledger.grants.addCodes(
          id,
          [{ ...code, maxRedemptions }],
          walletSpender(owner.address),
        );
        // oxlint-enable no-await-in-loop
      }
      for (const [spender, key] of SPENDERS.entries()) {
        // oxlint-disable no-await-in-loop -- as above
        await ledger.grantAccess(key, provider);
        await add({ account: spender, spender }, KEY);
        // oxlint-enable no-await-in-loop
      }

      async function add(
        pair: { account: number; spender: number },
        proof: typeof KEY | null,
      ): Promise<void> {
        const { owner, key, name } = pairOf(pair);
        const priority = nextPriority();
        const { id } = await scene.allow(owner, {
          spender: key,
          limit: OFFER_LIMIT,
          priority,
          proof,
        });
        papers.push({ ...pair, id, priority, campaign: null, left: OFFER_LIMIT, isRevoked: false });
        if (proof !== null) accepted.add(name);
      }

      async function redeem(pair: { account: number; spender: number }, on: typeof ledger) {
        const { key, name } = pairOf(pair);
        const campaign = campaigns[pair.account];
        if (campaign === undefined) throw new Error("each account has a campaign");
        const redemption = { campaign: campaign.id, codeHash: promotionCodeHash("WELCOME") };
        const outcome = await on.grants.redeem({ ...redemption, spender: key, proof: KEY });
        const known = papers.find(
          (each) => each.campaign === campaign && each.spender === pair.spender,
        );
        const times = redeemed.get(campaign.id) ?? 0;
        const isNew = known === undefined && !campaign.isRevoked && times < CODE.redemptions;
        const expected = isNew || (known !== undefined && !campaign.isRevoked);
        expect(outcome.result === "redeemed").to.equal(expected, name);
        if (outcome.result !== "redeemed" || !isNew) return;
        redeemed.set(campaign.id, times + 1);
        accepted.add(name);
        const { id, message } = outcome.grant;
        const { priority } = message;
        papers.push({ ...pair, id, priority, campaign, left: CODE.limit, isRevoked: false });
      }

      async function spend(
        { spender, quantity }: { spender: number; quantity: bigint },
        on: typeof ledger,
      ): Promise<void> {
        const [outcome] = await on.usage.record([
          usageEvent({ provider, spender: SPENDERS[spender] ?? SPENDERS[0], quantity }),
        ]);
        const charges = outcome?.result === "debited" ? outcome.charges : null;
        const expected = chargesOf(spender, quantity);
        expect(charges?.map(({ allowance, amountMicros }) => [allowance, amountMicros]) ?? null) //
          .to.deep.equal(expected?.map(({ paper, amount }) => [paper.id, amount]) ?? null);
        if (expected === null) counts.refused++;
        else counts.debited++;
        for (const { paper, amount } of expected ?? []) {
          paper.left -= amount;
          if (paper.campaign !== null) paper.campaign.left -= amount;
          credits[paper.account] = (credits[paper.account] ?? 0n) - amount;
        }
      }

      /** Who pays on paper; `null` if all together cannot. */
      function chargesOf(spender: number, quantity: bigint) {
        const left = [...credits];
        const campaignLeft = new Map(campaigns.map((each) => [each, each.left]));
        const charges: { paper: Paper; amount: bigint }[] = [];
        let due = quantity;
        const usable = papers
          .filter((each) => each.spender === spender && !each.isRevoked)
          .filter((each) => each.campaign?.isRevoked !== true)
          .filter((each) => accepted.has(`${each.account}/${spender}`))
          .toSorted((a, b) => a.priority - b.priority);
        for (const paper of usable) {
          const ofCampaign = paper.campaign === null ? due : campaignLeft.get(paper.campaign);
          const amount = least(due, paper.left, left[paper.account] ?? 0n, ofCampaign ?? 0n);
          if (amount === 0n) continue;
          charges.push({ paper, amount });
          due -= amount;
          left[paper.account] = (left[paper.account] ?? 0n) - amount;
          if (paper.campaign !== null)
            campaignLeft.set(paper.campaign, (ofCampaign ?? 0n) - amount);
          if (due === 0n) return charges;
        }
        return null;
      }

      return {
        counts,

        async apply(op: Op, onOther: boolean): Promise<void> {
          const on = onOther ? other : ledger;
          switch (op.op) {
            case "offer":
              return await add(op, null);
            case "post":
              return await add(op, KEY);
            case "accept":
            case "end": {
              const { owner, key, name } = pairOf(op);
              const isAccepting = op.op === "accept";
              const change = { spender: key, account: owner.address, accepted: isAccepting };
              const outcome = await on.acceptances.change({ ...change, proof: KEY });
              const hasOffer = papers.some(
                ({ account, spender }) => account === op.account && spender === op.spender,
              );
              const wasAccepted = accepted.has(name);
              const isChange = isAccepting ? hasOffer && !wasAccepted : wasAccepted;
              expect(outcome.result === "changed").to.equal(isChange, `${op.op} ${name}`);
              if (isChange && isAccepting) accepted.add(name);
              else if (isChange) accepted.delete(name);
              return;
            }
            case "redeem":
              return await redeem(op, on);
            case "revoke": {
              const all = [...campaigns, ...papers.filter((each) => each.campaign === null)];
              const paper = all[op.nth % all.length];
              const owner = ACCOUNTS[paper?.account ?? 0] ?? ACCOUNTS[0];
              if (paper === undefined) return;
              const stored = await on.allowances.find(paper.id);
              if (stored === null) throw new Error("an allowance is missing");
              await scene.revoke(owner, stored);
              paper.isRevoked = true;
              return;
            }
            case "spend":
              return await spend(op, on);
            default:
              op satisfies never;
          }
        },

        /** Compares what the stores list with the paper, and lets the auditor replay all of it. */
        async check(): Promise<void> {
          for (const [spender, key] of SPENDERS.entries()) {
            const all = { after: null, limit: 10 };
            // oxlint-disable-next-line no-await-in-loop -- one after the other
            const listed = await other.acceptances.accepted(key, all);
            expect(listed.map(({ account }) => account)).to.have.members(
              ACCOUNTS.flatMap(({ address }, account) =>
                accepted.has(`${account}/${spender}`) ? address : [],
              ),
            );
          }
          const spent = credits.map((left) => PURCHASED - left);
          for (const [account, { address }] of ACCOUNTS.entries()) {
            // oxlint-disable-next-line no-await-in-loop -- as above
            expect((await ledger.accounts.balance(address)).spent).to.equal(spent[account]);
          }
          if (spent.every((micros) => micros === 0n)) return;
          await scene.cut();
          scene.restart();
          expect(await scene.audit()).to.deep.equal([]);
          expect(scene.signatures).to.have.length(1);
        },
      };
    }
  });
}

function least(...amounts: readonly bigint[]): bigint {
  return amounts.reduce((a, b) => (a < b ? a : b));
}

function pairOf({ account, spender }: { account: number; spender: number }) {
  return {
    name: `${account}/${spender}`,
    owner: ACCOUNTS[account] ?? ACCOUNTS[0],
    key: SPENDERS[spender] ?? SPENDERS[0],
  };
}
