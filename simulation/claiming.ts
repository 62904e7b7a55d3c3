import { type Address, type Hex, maxUint64 } from "viem";

import { allowanceId, scopeHash } from "@compute-credits/protocol/messages/allowance";
import {
  apiKeySpender,
  spenderWallet,
  walletSpender,
} from "@compute-credits/protocol/messages/spender";
import type { RuleTerms } from "@compute-credits/rules/grants/campaignRule";
import { DisagreementError } from "./disagreement.ts";
import type { Journal } from "./journal.ts";
import { DEPLOYMENT, type Parties } from "./parties.ts";
import type { Random } from "./random.ts";
import type { ServerPool } from "./serverPool.ts";

const NO_SCOPE = { providers: [], meters: [] };

/** Fewer than the parties that may claim, so that some runs use a rule up. */
const MOST_GRANTS = 2n;

/** One of each kind, before anything is bought or spent. */
export const EARLY_RULES = [
  { kind: "first_purchase", atLeastMicros: 500n },
  { kind: "first_day", atLeastMicros: 500n },
  { kind: "referral", atLeastMicros: 500n },
  { kind: "first_paid_job", atLeastMicros: 500n },
] as const satisfies readonly AskedRule[];
/** What it asks for has happened before, so that nobody can meet it. */
export const LATE_RULES = [
  { kind: "first_purchase", atLeastMicros: 1n },
] as const satisfies readonly AskedRule[];

type AskedRule = Pick<RuleTerms, "kind" | "atLeastMicros">;

interface ClaimingDeps {
  readonly serverPool: ServerPool;
  readonly journal: Journal;
  /** of each lane */
  readonly randoms: readonly Random[];
}

/** The rules of a group of parties, which claim at random, each claim on two servers at once. */
export class Claiming {
  readonly #deps: ClaimingDeps;
  readonly #parties: Parties;
  readonly #campaigns: { readonly id: Hex; readonly kind: RuleTerms["kind"] }[] = [];

  constructor(deps: ClaimingDeps, parties: Parties) {
    this.#deps = deps;
    this.#parties = parties;
  }

  /** Signs a campaign for each rule and sets it. */
  async setRules(rules: readonly AskedRule[]): Promise<void> {
    const { serverPool, journal } = this.#deps;
    const { name, accounts } = this.#parties;
    const [account] = accounts;
    for (const asked of rules) {
      const message = {
        account,
        spender: apiKeySpender(`${name} ${asked.kind} ${this.#campaigns.length}`),
        limit: 20_000n,
        period: 0n,
        rollover: 0n,
        startsAt: 0n,
        expiresAt: 0n,
        priority: 0,
        scope: scopeHash(NO_SCOPE),
        accountCap: maxUint64,
        counter: 0n,
        salt: 0n,
      };
      const id = allowanceId(DEPLOYMENT, message);
      const signed = {
        id,
        message,
        scope: NO_SCOPE,
        signature: "0x00",
        byContract: false,
      } as const;
      const terms: RuleTerms = {
        ...asked,
        limit: 900n,
        period: 0n,
        rollover: 0n,
        priority: 0,
        scope: null,
        maxGrants: MOST_GRANTS,
        claimBy: 0n,
        validSeconds: 0n,
      };
      const set = { campaign: id, terms, issuer: walletSpender(account) };
      // oxlint-disable no-await-in-loop -- one rule after the other
      journal.addAllowance(signed, await serverPool.call("allow", { signed, proof: null }));
      const answers = await Promise.all([
        serverPool.call("setRule", set),
        serverPool.call("setRule", set),
      ]);
      // oxlint-enable no-await-in-loop
      const isSet = answers.every(({ output }) => output.result === "set");
      const firsts = answers.filter(({ output }) => "repeated" in output && !output.repeated);
      const mayBeLost = answers.some(({ lost }) => lost > 0);
      if (!isSet || firsts.length > 1 || (firsts.length === 0 && !mayBeLost)) {
        throw new DisagreementError("a rule was not set once", { set, answers });
      }
      journal.rules.set(id, terms);
      this.#campaigns.push({ id, kind: asked.kind });
      journal.operations++;
    }
  }

  /** Lets one party claim, with its wallet or a spender that may be another's, twice at once. */
  async claim(lane: number): Promise<void> {
    const { serverPool, journal, randoms } = this.#deps;
    const random = randoms[lane];
    if (random === undefined) throw new RangeError(`there is no lane ${lane}`);
    const { accounts, providers, spenders } = this.#parties;
    const rule = this.#campaigns[random.below(this.#campaigns.length)];
    if (rule === undefined) return;
    const claimants: readonly [Address, ...Address[]] =
      rule.kind === "first_paid_job" ? providers : accounts;
    const account = random.pick(claimants);
    const spender = random.chance(60) ? walletSpender(account) : random.pick(spenders);
    const signed = { how: "wallet", signature: "0x00", signedAt: BigInt(Date.now()) } as const;
    const proof = spenderWallet(spender) === null ? ({ how: "key" } as const) : signed;
    const wantsReferrer = rule.kind === "referral" ? random.chance(90) : random.chance(5);
    const referrer = wantsReferrer ? random.pick(accounts) : null;
    const claim = { campaign: rule.id, account, spender, referrer, proof };
    const answers = await Promise.all([
      serverPool.call("claim", claim),
      serverPool.call("claim", claim),
    ]);
    for (const answer of answers) journal.addClaim(claim, answer);
    journal.operations += 2;
  }
}
