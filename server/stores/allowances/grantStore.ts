import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { AcceptanceProof } from "@compute-credits/rules/acceptances/acceptance";
import type { TimesRefusal } from "@compute-credits/rules/allowances/times";
import type { BeyondCampaign, GrantRequest } from "@compute-credits/rules/grants/grant";
import type { Issuer } from "@compute-credits/rules/grants/issuer";
import type { IssuingRefusal } from "@compute-credits/rules/grants/issuing";
import type {
  PromotionCode,
  PromotionTerms,
  RedemptionRefusal,
} from "@compute-credits/rules/grants/promotionCode";
import type { ChangeRefusal } from "../acceptances/acceptanceStore.ts";
import type { ListedAllowance, TooManyAllowances } from "./allowanceStore.ts";

export type TooMany = { readonly reason: "too_many_grants"; readonly limit: number };

export type GrantOutcome =
  | { readonly result: "granted"; readonly id: Hex; readonly repeated: boolean }
  | {
      readonly result: "refused";
      readonly refusal:
        | BeyondCampaign
        | TimesRefusal
        | TooMany
        | TooManyAllowances
        | { readonly reason: "grant_expired" | "grant_id_conflict" };
    };

export interface NewCode extends PromotionTerms {
  readonly codeHash: Hex;
}

export type CodeOutcome =
  | { readonly result: "added"; readonly repeated: boolean }
  | {
      readonly result: "refused";
      readonly refusal: TooMany | { readonly reason: "code_conflict" };
    };

export type RedeemOutcome =
  | { readonly result: "redeemed"; readonly grant: ListedAllowance; readonly repeated: boolean }
  | {
      readonly result: "refused";
      readonly refusal:
        | RedemptionRefusal
        | IssuingRefusal
        | TooMany
        | ChangeRefusal
        | TooManyAllowances
        | { readonly reason: "code_not_found" };
    };

export interface Redemption {
  readonly campaign: Hex;
  readonly codeHash: Hex;
  readonly spender: SpenderId;
  readonly proof: AcceptanceProof;
}

/**
 * Issues allowances out of a campaign's allowance. Each call is one transaction and returns one
 * outcome per item, in order.
 */
export interface GrantStore {
  /**
   * Issues grants. Issuing one again with the same key and content returns the first one's id. The
   * caller has authenticated the issuer; whether it may issue is decided under the account's lock.
   */
  issue(
    campaign: Hex,
    grants: readonly GrantRequest[],
    issuer: Issuer,
  ): Promise<readonly GrantOutcome[] | IssuingRefusal>;
  addCodes(
    campaign: Hex,
    codes: readonly NewCode[],
    issuer: Issuer,
  ): Promise<readonly CodeOutcome[] | IssuingRefusal>;
  /**
   * Redeems a code once per spender, which the proof speaks for and which so accepts the campaign's
   * account. A second call returns the first grant.
   */
  redeem(request: Redemption): Promise<RedeemOutcome>;
  /**
   * Closes a code; its grants stay. Returns `null` if the code does not exist. Once it has returned,
   * no redemption succeeds any more, whenever it began.
   */
  closeCode(campaign: Hex, codeHash: Hex): Promise<PromotionCode | null>;
  /** Lists a campaign's grants, oldest first. `after` is the last id of the previous page. */
  ofCampaign(
    campaign: Hex,
    page: { after: Hex | null; limit: number },
  ): Promise<readonly IssuedGrant[]>;
  /** Lists the grants out of an account's campaigns, oldest first, like `ofCampaign`. */
  ofAccount(
    account: Address,
    page: { after: Hex | null; limit: number },
  ): Promise<readonly IssuedGrant[]>;
  /** Lists a campaign's codes, ordered by hash. `after` is the last hash of the previous page. */
  codes(
    campaign: Hex,
    page: { after: Hex | null; limit: number },
  ): Promise<readonly PromotionCode[]>;
}

export interface IssuedGrant {
  readonly key: string;
  /** the allowance that it was issued from */
  readonly campaign: Hex;
  readonly grant: ListedAllowance;
  /** `null` for a grant from before there were issuing keys */
  readonly issuer: Issuer | null;
}
