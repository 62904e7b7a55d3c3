import type { Address, Hex } from "viem";

import { jsonText } from "@compute-credits/protocol/jsonText";
import { walletSpender } from "@compute-credits/protocol/messages/spender";
import { decideAcceptance } from "@compute-credits/rules/acceptances/acceptance";
import {
  type CampaignRule,
  type ClaimFacts,
  type Referrer,
  type RuleTerms,
  claimGrant,
  ruleError,
  ruleHash,
  ruleKey,
} from "@compute-credits/rules/grants/campaignRule";
import type { Grant } from "@compute-credits/rules/grants/grant";
import type { Issuer } from "@compute-credits/rules/grants/issuer";
import { StoredRuleTerms } from "@compute-credits/rules/log/storedJson";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import { bytea } from "@compute-credits/platform/postgres/values";
import {
  changeAcceptance,
  isAliveSql,
  readAcceptance,
  refuseOneMore,
  retireDead,
} from "../acceptances/acceptanceRecord.ts";
import { countOfPairs, insertGrants, readGrantsByKey } from "../allowances/grantRecord.ts";
import type { GrantRules } from "../allowances/postgresGrantStore.ts";
import { writeNotes } from "../log/writeNotes.ts";
import type {
  CampaignRuleStore,
  ClaimOutcome,
  RuleClaim,
  SetRuleOutcome,
} from "./campaignRuleStore.ts";
import { readClaimFacts, readReferrer } from "./claimFacts.ts";
import { countIssued, decideInCampaign, readRemainingGrants } from "./decideInCampaign.ts";
import { lockAccountOf } from "./lockAccount.ts";

export function createCampaignRuleStore(
  database: Database,
  rules: Omit<GrantRules, "isIssuer">,
): CampaignRuleStore {
  return {
    find: async (campaign) => (await readRule(database, campaign))?.rule ?? null,

    async set(campaignId, terms, issuer) {
      const outcome = await decideInCampaign<SetRuleOutcome>(
        database,
        { id: campaignId, issuer },
        async (sql, campaign, now) => {
          const known = await readRule(sql, campaignId);
          if (known !== null) {
            return known.hash === ruleHash(terms)
              ? { answer: { result: "set", rule: known.rule, repeated: true } }
              : { answer: { result: "refused", refusal: { reason: "rule_conflict" } } };
          }
          const refusal = ruleError(terms, campaign, now);
          if (refusal !== null) return { answer: { result: "refused", refusal } };
          return { write: (tx) => writeRule(tx, { campaign: campaignId, terms, issuer, now }) };
        },
      );
      return "reason" in outcome ? { result: "refused", refusal: outcome } : outcome;
    },

    async close(campaign) {
      const known = await readRule(database, campaign);
      if (known === null || known.rule.closedAt !== null) return known?.rule ?? null;
      return await withRetries(() => database.transaction((tx) => closeLocked(tx, campaign)));
    },

    async claim(claim) {
      // Read on the first decision's snapshot, and kept for the one under the lock.
      let facts: ClaimFacts | null = null;
      let referrer: Referrer | null = null;
      const outcome = await decideInCampaign<ClaimOutcome>(
        database,
        { id: claim.campaign, issuer: null },
        async (sql, campaign, now) => {
          const known = await readRule(sql, claim.campaign);
          if (known === null) return refused({ reason: "rule_not_found" });
          const { account, spender } = claim;
          const [before] = await readGrantsByKey(sql, claim.campaign, [ruleKey(account)]);
          if (before !== undefined) {
            return before.grant.message.spender === spender
              ? { answer: { result: "granted", grant: before.grant, repeated: true } }
              : refused({ reason: "grant_already_claimed" });
          }
          if (!(await isSpenderOf(sql, claim))) {
            return refused({ reason: "not_the_accounts_spender" });
          }
          if (claim.referrer !== null) referrer ??= await readReferrer(sql, claim.referrer);
          facts ??= await readClaimFacts(sql, account);
          const claimed = { account, spender, facts, referrer, now };
          const grant = claimGrant(known.rule, campaign, claimed);
          if ("reason" in grant) return refused(grant);
          if ((await readRemainingGrants(sql, claim.campaign, rules)) === 0) {
            return refused({ reason: "too_many_grants", limit: rules.maxGrantsPerCampaign });
          }
          const payer = campaign.message.account;
          const limit = rules.maxAllowancesPerPair;
          const ofPair = await countOfPairs(sql, payer, [spender]);
          if ((ofPair.get(spender) ?? 0) >= limit) {
            return refused({ reason: "too_many_allowances", bound: "maxAllowancesPerPair", limit });
          }
          const change = { spender, account: payer, accepted: true, proof: claim.proof };
          const accepted = await readAcceptance(sql, change);
          const decided = decideAcceptance(accepted, change, now);
          if (decided !== "unchanged" && "reason" in decided) return refused(decided);
          const full = await refuseOneMore(sql, accepted, change, rules);
          if (full !== null) return refused(full);
          return {
            write: (tx) =>
              writeClaim(tx, grant, { claim, payer, issuer: known.issuer, now, rules }),
          };
        },
      );
      return "reason" in outcome ? { result: "refused", refusal: outcome } : outcome;
    },
  };
}

/** Whether the spender is the account's wallet, or one that the account signed an allowance for. */
async function isSpenderOf(sql: Sql, { account, spender }: RuleClaim): Promise<boolean> {
  if (spender === walletSpender(account)) return true;
  // Plan: allowances_of_spender.
  const found = await sql.query(
    `select from allowances l join accounts a on a.address = l.account
     where l.spender = $1 and l.account = $2 and l.campaign is null and l.accepted
       and ${isAliveSql("clock_timestamp()")} limit 1`,
    [bytea(spender), bytea(account)],
  );
  return found.length > 0;
}

async function writeRule(
  tx: Sql,
  {
    campaign,
    terms,
    issuer,
    now,
  }: {
    readonly campaign: Hex;
    readonly terms: RuleTerms;
    readonly issuer: Issuer;
    readonly now: Date;
  },
): Promise<SetRuleOutcome> {
  // Its claims will need the campaign in the log, before them.
  await countIssued(tx, campaign, 1);
  const [cursor] = await tx.query<{ block: bigint }>(
    "select block_number as block from chain_cursor",
  );
  const sinceBlock = cursor?.block ?? 0n;
  await tx.query(
    `insert into campaign_rules (campaign, terms, terms_hash, max_grants, since_block, issuer,
       set_at) values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      bytea(campaign),
      jsonText(terms),
      bytea(ruleHash(terms)),
      terms.maxGrants,
      sinceBlock,
      bytea(issuer),
      now,
    ],
  );
  await writeNotes(tx, [{ kind: "campaign_rule", campaign, terms, issuer, sinceBlock, at: now }]);
  const rule = { ...terms, setAt: now, sinceBlock, closedAt: null, grants: 0n };
  return { result: "set", rule, repeated: false };
}

async function closeLocked(tx: Sql, campaign: Hex): Promise<CampaignRule | null> {
  // Claims take this lock, too: each is before this, or is refused.
  await lockAccountOf(tx, campaign);
  const [closed] = await tx.query<{ at: Date }>(
    `update campaign_rules set closed_at = clock_timestamp()
     where campaign = $1 and closed_at is null returning closed_at as at`,
    [bytea(campaign)],
  );
  if (closed !== undefined) {
    await writeNotes(tx, [{ kind: "campaign_rule_end", campaign, ...closed }]);
  }
  return (await readRule(tx, campaign))?.rule ?? null;
}

async function writeClaim(
  tx: Sql,
  grant: Grant,
  {
    claim,
    payer,
    issuer,
    now,
    rules,
  }: {
    readonly claim: RuleClaim;
    readonly payer: Address;
    readonly issuer: Issuer;
    readonly now: Date;
    readonly rules: Omit<GrantRules, "isIssuer">;
  },
): Promise<ClaimOutcome> {
  const { campaign, account, spender, referrer, proof } = claim;
  // A claim is the spender's word: it accepts the campaign's account.
  const change = { spender, account: payer, accepted: true, proof };
  const refusal = await changeAcceptance(tx, change, { rules, now });
  if (refusal !== null) return { result: "refused", refusal };
  await countIssued(tx, campaign, 1);
  await retireDead(tx, payer, [spender], rules);
  await tx.query("update campaign_rules set grants = grants + 1 where campaign = $1", [
    bytea(campaign),
  ]);
  await writeNotes(tx, [
    { kind: "rule_claim", campaign, account, spender, referrer, grant: grant.id, at: now },
  ]);
  await insertGrants(tx, [grant], { now, issuer, accepting: new Set([spender]) });
  const [stored] = await readGrantsByKey(tx, campaign, [grant.key]);
  if (stored === undefined) throw new Error(`grant ${grant.id} is missing after its insert`);
  return { result: "granted", grant: stored.grant, repeated: false };
}

interface RuleRecord {
  readonly terms: unknown;
  readonly terms_hash: Hex;
  readonly grants: bigint;
  readonly since_block: bigint;
  readonly issuer: Issuer;
  readonly set_at: Date;
  readonly closed_at: Date | null;
}

interface KnownRule {
  readonly rule: CampaignRule;
  readonly hash: Hex;
  readonly issuer: Issuer;
}

async function readRule(sql: Sql, campaign: Hex): Promise<KnownRule | null> {
  // Plan: campaign_rules by primary key.
  const [record] = await sql.query<RuleRecord>(
    `select terms, terms_hash, grants, since_block, issuer, set_at, closed_at
     from campaign_rules where campaign = $1`,
    [bytea(campaign)],
  );
  if (record === undefined) return null;
  const { terms, terms_hash: hash, grants, since_block: sinceBlock, issuer } = record;
  const { set_at: setAt, closed_at: closedAt } = record;
  const rule = { ...StoredRuleTerms.parse(terms), setAt, sinceBlock, closedAt, grants };
  return { rule, hash, issuer };
}

function refused(refusal: Extract<ClaimOutcome, { result: "refused" }>["refusal"]) {
  return { answer: { result: "refused", refusal } } as const;
}
