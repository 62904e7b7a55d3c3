import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import { decideAcceptance } from "@compute-credits/rules/acceptances/acceptance";
import { type Grant, draftGrant, isExpiredGrant } from "@compute-credits/rules/grants/grant";
import type { Issuer } from "@compute-credits/rules/grants/issuer";
import type { IssuingRefusal } from "@compute-credits/rules/grants/issuing";
import { promotionHash, redeem, redemptionKey } from "@compute-credits/rules/grants/promotionCode";
import type { InTurn } from "@compute-credits/platform/postgres/boundedReads";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type {
  CodeOutcome,
  GrantStore,
  GrantOutcome,
  NewCode,
  RedeemOutcome,
} from "./grantStore.ts";
import { isAfterSql } from "./allowanceRecord.ts";
import {
  GRANT_COLUMNS,
  type GrantRecord,
  insertGrants,
  readGrantsByKey,
  toGrant,
  countOfPairs,
} from "./grantRecord.ts";
import {
  type Decide,
  type IssuingRequest,
  countIssued,
  decideInCampaign,
  readRemainingGrants,
} from "../issuing/decideInCampaign.ts";
import {
  CODE_COLUMNS,
  insertCodes,
  readCode,
  readTermsHashes,
  type CodeRecord,
  toPromotionCode,
} from "./promotionCodeRecord.ts";
import { lockAccountOf } from "../issuing/lockAccount.ts";
import { writeNotes } from "../log/writeNotes.ts";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import type { AcceptanceChange } from "../acceptances/acceptanceStore.ts";
import {
  type AcceptanceRules,
  type PairRules,
  acceptIssuer,
  changeAcceptance,
  readAcceptance,
  readAcceptances,
  refuseOneMore,
  retireDead,
} from "../acceptances/acceptanceRecord.ts";
import { bytea } from "@compute-credits/platform/postgres/values";

export interface GrantRules extends AcceptanceRules, PairRules {
  /** counts a campaign's grants and codes together */
  readonly maxGrantsPerCampaign: number;
  /** whether an account's grants count without a word of the spender */
  readonly isIssuer: (account: Address) => boolean;
}

/** A request that issues more waits for its turn. */
const SMALL_REQUEST = 50;

/**
 * Lists come from `reads`, which may have connections of its own. Requests with many grants or codes
 * take turns.
 */
export function createGrantStore(
  database: Database,
  rules: GrantRules,
  {
    reads = database,
    inBulkTurn = (work) => work(),
  }: { readonly reads?: Sql; readonly inBulkTurn?: InTurn } = {},
): GrantStore {
  const tooMany = { reason: "too_many_grants", limit: rules.maxGrantsPerCampaign } as const;
  const pairIsFull = {
    reason: "too_many_allowances",
    bound: "maxAllowancesPerPair",
    limit: rules.maxAllowancesPerPair,
  } as const;

  return {
    issue(campaignId, requests, issuer) {
      // A campaign's terms never change, so grants are drafted once for both decisions.
      let drafts: readonly ReturnType<typeof draftGrant>[] | null = null;
      const size = { id: campaignId, issuer, of: requests.length };
      return inCampaign(size, async (sql, campaign, now) => {
        const existing = new Map(
          (
            await readGrantsByKey(
              sql,
              campaignId,
              requests.map(({ key }) => key),
            )
          ).map(({ key, grant }) => [key, grant.id]),
        );
        let remaining = await readRemainingGrants(sql, campaignId, rules);
        const { account } = campaign.message;
        const ofPair = await countOfPairs(
          sql,
          account,
          requests.map(({ spender }) => spender),
        );
        const grants: Grant[] = [];
        const drafted = (drafts ??= requests.map((request) => draftGrant(campaign, request)));
        const outcomes = drafted.map((grant, index): GrantOutcome => {
          const request = requests[index];
          if (request === undefined) throw new RangeError("a draft has no request");
          const before = existing.get(request.key);
          if (before !== undefined) {
            return "id" in grant && grant.id === before
              ? { result: "granted", id: before, repeated: true }
              : { result: "refused", refusal: { reason: "grant_id_conflict" } };
          }
          if ("reason" in grant) return { result: "refused", refusal: grant };
          if (isExpiredGrant(grant, now))
            return { result: "refused", refusal: { reason: "grant_expired" } };
          if (remaining === 0) return { result: "refused", refusal: tooMany };
          const { spender } = request;
          const count = ofPair.get(spender) ?? 0;
          if (count >= rules.maxAllowancesPerPair) {
            return { result: "refused", refusal: pairIsFull };
          }
          ofPair.set(spender, count + 1);
          remaining--;
          existing.set(grant.key, grant.id);
          grants.push(grant);
          return { result: "granted", id: grant.id, repeated: false };
        });
        if (grants.length === 0) return { answer: outcomes };
        return {
          async write(tx) {
            await countIssued(tx, campaignId, grants.length);
            const spenders = [...new Set(grants.map(({ message }) => message.spender))];
            const accepting = await acceptingSpenders(tx, account, spenders, now);
            await retireDead(tx, account, [...accepting], rules);
            await insertGrants(tx, grants, { now, issuer, accepting });
            return outcomes;
          },
        };
      });
    },

    addCodes: (campaignId, codes, issuer) =>
      inCampaign({ id: campaignId, issuer, of: codes.length }, async (sql, _campaign, now) => {
        const existing = await readTermsHashes(sql, campaignId, codes);
        let remaining = await readRemainingGrants(sql, campaignId, rules);
        const added: NewCode[] = [];
        const outcomes = codes.map((code): CodeOutcome => {
          const hash = promotionHash(code);
          const before = existing.get(code.codeHash);
          if (before !== undefined) {
            return before === hash
              ? { result: "added", repeated: true }
              : { result: "refused", refusal: { reason: "code_conflict" } };
          }
          if (remaining === 0) return { result: "refused", refusal: tooMany };
          remaining--;
          existing.set(code.codeHash, hash);
          added.push(code);
          return { result: "added", repeated: false };
        });
        if (added.length === 0) return { answer: outcomes };
        return {
          async write(tx) {
            await countIssued(tx, campaignId, added.length);
            await insertCodes(tx, campaignId, added, { issuer, now });
            return outcomes;
          },
        };
      }),

    async redeem({ campaign: campaignId, codeHash, spender, proof }) {
      const outcome = await inCampaign<RedeemOutcome>(
        { id: campaignId, issuer: null, of: 1 },
        async (sql, campaign, now) => {
          const [before] = await readGrantsByKey(sql, campaignId, [
            redemptionKey(codeHash, spender),
          ]);
          if (before !== undefined)
            return { answer: { result: "redeemed", grant: before.grant, repeated: true } };
          const code = await readCode(sql, campaignId, codeHash);
          if (code === null) return refused({ reason: "code_not_found" });
          const grant = redeem(code, campaign, spender, now);
          if ("reason" in grant) return refused(grant);
          if ((await readRemainingGrants(sql, campaignId, rules)) === 0) return refused(tooMany);
          const { account } = campaign.message;
          const ofPair = await countOfPairs(sql, account, [spender]);
          if ((ofPair.get(spender) ?? 0) >= rules.maxAllowancesPerPair) return refused(pairIsFull);
          const change = { spender, account, accepted: true, proof };
          const accepted = await readAcceptance(sql, change);
          const decided = decideAcceptance(accepted, change, now);
          if (decided !== "unchanged" && "reason" in decided) return refused(decided);
          const full = await refuseOneMore(sql, accepted, change, rules);
          if (full !== null) return refused(full);
          return { write: (tx) => writeRedemption(tx, grant, { codeHash, now, change }) };
        },
      );
      return "reason" in outcome ? { result: "refused", refusal: outcome } : outcome;
    },

    async closeCode(campaign, codeHash) {
      const code = await readCode(database, campaign, codeHash);
      if (code === null || code.closedAt !== null) return code;
      return await withRetries(() =>
        database.transaction(async (tx) => {
          // Redemptions take this lock, too: each is before this, or is refused.
          await lockAccountOf(tx, campaign);
          const [closed] = await tx.query<{ at: Date }>(
            `update promotion_codes set closed_at = clock_timestamp()
             where campaign = $1 and code_hash = $2 and closed_at is null
             returning closed_at as at`,
            [bytea(campaign), bytea(codeHash)],
          );
          if (closed !== undefined) {
            await writeNotes(tx, [{ kind: "code_end", campaign, codeHash, ...closed }]);
          }
          return await readCode(tx, campaign, codeHash);
        }),
      );
    },

    async ofCampaign(campaign, { after, limit }) {
      // Plan: grants_of_campaign from the cursor on.
      const records = await reads.query<GrantRecord>(
        `select ${GRANT_COLUMNS} from allowances
         where campaign = $1 and ($2::bytea is null
           or (created_at, id) > (select c.created_at, c.id from allowances c
             where c.id = $2 and c.campaign = $1))
         order by created_at, id limit $3`,
        [bytea(campaign), after === null ? null : bytea(after), limit],
      );
      return records.map(toGrant);
    },

    async ofAccount(account, { after, limit }) {
      // Plan: allowances_of_account from the cursor on.
      const records = await reads.query<GrantRecord>(
        `select ${GRANT_COLUMNS} from allowances
         where account = $1 and campaign is not null and ${isAfterSql("$2", "$1")}
         order by created_at, id limit $3`,
        [bytea(account), after === null ? null : bytea(after), limit],
      );
      return records.map(toGrant);
    },

    async codes(campaign, { after, limit }) {
      // Plan: promotion_codes by primary key from the cursor on.
      const records = await reads.query<CodeRecord>(
        `select ${CODE_COLUMNS} from promotion_codes
         where campaign = $1 and ($2::bytea is null or code_hash > $2) order by code_hash limit $3`,
        [bytea(campaign), after === null ? null : bytea(after), limit],
      );
      return records.map(toPromotionCode);
    },
  };

  /** Decides and writes at once, or in its turn if there is much to write. */
  function inCampaign<T>(request: SizedRequest, decide: Decide<T>): Promise<T | IssuingRefusal> {
    const work = () => decideInCampaign(database, request, decide);
    return request.of > SMALL_REQUEST ? inBulkTurn(work) : work();
  }

  async function writeRedemption(
    tx: Sql,
    grant: Grant,
    { codeHash, now, change }: { codeHash: Hex; now: Date; change: AcceptanceChange },
  ): Promise<RedeemOutcome> {
    const { campaign } = grant;
    const { spender, account } = change;
    // A redemption is the spender's word: it accepts the campaign's account.
    const refusal = await changeAcceptance(tx, change, { rules, now });
    if (refusal !== null) return { result: "refused", refusal };
    await countIssued(tx, campaign, 1);
    await retireDead(tx, account, [spender], rules);
    const [code] = await tx.query<{ issuer: Issuer | null }>(
      `update promotion_codes set redemptions = redemptions + 1
       where campaign = $1 and code_hash = $2 returning issuer`,
      [bytea(campaign), bytea(codeHash)],
    );
    const issuer = code?.issuer ?? null;
    await insertGrants(tx, [grant], { now, issuer, accepting: new Set([spender]) });
    const [stored] = await readGrantsByKey(tx, campaign, [grant.key]);
    if (stored === undefined) throw new Error(`grant ${grant.id} is missing after its insert`);
    return { result: "redeemed", grant: stored.grant, repeated: false };
  }

  /** Reads which spenders accept the account, after an issuer's account was accepted for them. */
  async function acceptingSpenders(
    tx: Sql,
    account: Address,
    spenders: readonly SpenderId[],
    now: Date,
  ): Promise<ReadonlySet<SpenderId>> {
    const known = await readAcceptances(tx, account, spenders);
    const accepting = spenders.filter((spender) => known.get(spender) === true);
    if (!rules.isIssuer(account)) return new Set(accepting);
    const unheard = spenders.filter((spender) => !known.has(spender));
    return new Set([...accepting, ...(await acceptIssuer(tx, account, unheard, { rules, now }))]);
  }
}

interface SizedRequest extends IssuingRequest {
  /** grants or codes in the request */
  readonly of: number;
}

function refused(refusal: Extract<RedeemOutcome, { result: "refused" }>["refusal"]) {
  return { answer: { result: "refused", refusal } } as const;
}
