import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { AcceptanceProof } from "@compute-credits/rules/acceptances/acceptance";
import type { TimesRefusal } from "@compute-credits/rules/allowances/times";
import type {
  CampaignRule,
  ClaimRefusal,
  RuleTerms,
} from "@compute-credits/rules/grants/campaignRule";
import type { BeyondCampaign } from "@compute-credits/rules/grants/grant";
import type { Issuer } from "@compute-credits/rules/grants/issuer";
import type { IssuingRefusal } from "@compute-credits/rules/grants/issuing";
import type { ChangeRefusal } from "../acceptances/acceptanceStore.ts";
import type { ListedAllowance, TooManyAllowances } from "../allowances/allowanceStore.ts";
import type { TooMany } from "../allowances/grantStore.ts";

export type SetRuleOutcome =
  | { readonly result: "set"; readonly rule: CampaignRule; readonly repeated: boolean }
  | {
      readonly result: "refused";
      readonly refusal:
        | IssuingRefusal
        | BeyondCampaign
        | TimesRefusal
        | { readonly reason: "rule_conflict" | "rule_never_met" };
    };

/** An account's claim of its grant, by a spender that speaks for itself. */
export interface RuleClaim {
  readonly campaign: Hex;
  readonly account: Address;
  readonly spender: SpenderId;
  readonly referrer: Address | null;
  /** with which the spender accepts the campaign's account */
  readonly proof: AcceptanceProof;
}

export type ClaimOutcome =
  | { readonly result: "granted"; readonly grant: ListedAllowance; readonly repeated: boolean }
  | {
      readonly result: "refused";
      readonly refusal:
        | IssuingRefusal
        | ClaimRefusal
        | TooMany
        | ChangeRefusal
        | TooManyAllowances
        | {
            readonly reason:
              "rule_not_found" | "grant_already_claimed" | "not_the_accounts_spender";
          };
    };

/** The rules of campaigns, at most one of each, and the claims of accounts that meet them. */
export interface CampaignRuleStore {
  /**
   * Sets a campaign's rule for good. The same terms again change nothing; others are refused. The
   * caller has authenticated the issuer; whether it may issue is decided under the account's lock.
   */
  set(campaign: Hex, terms: RuleTerms, issuer: Issuer): Promise<SetRuleOutcome>;
  /** `null` if the campaign has none. */
  find(campaign: Hex): Promise<CampaignRule | null>;
  /** Closes a rule; its grants stay. `null` if there is none. Nothing is claimed after the answer. */
  close(campaign: Hex): Promise<CampaignRule | null>;
  /** Grants to an account once. A second claim of the same spender returns the first grant. */
  claim(claim: RuleClaim): Promise<ClaimOutcome>;
}
