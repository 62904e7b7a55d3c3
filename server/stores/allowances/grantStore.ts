import type { Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { BeyondCampaign, GrantRequest } from "@compute-credits/rules/grants/grant";
import type { IssuingRefusal } from "@compute-credits/rules/grants/issuing";
import type {
  PromotionCode,
  PromotionTerms,
  RedemptionRefusal,
} from "@compute-credits/rules/grants/promotionCode";

export type TooMany = { readonly reason: "too_many_grants"; readonly limit: number };

export type GrantOutcome =
  | { readonly result: "granted"; readonly id: Hex; readonly repeated: boolean }
  | {
      readonly result: "refused";
      readonly refusal:
        BeyondCampaign | TooMany | { readonly reason: "grant_expired" | "grant_id_conflict" };
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
  | { readonly result: "redeemed"; readonly grant: Allowance; readonly repeated: boolean }
  | {
      readonly result: "refused";
      readonly refusal:
        RedemptionRefusal | IssuingRefusal | TooMany | { readonly reason: "code_not_found" };
    };

/** Allowances issued out of allowances. Every call is one transaction; one outcome for each thing asked, in their order. */
export interface GrantStore {
  /** A grant that was issued before, with the same key and the same content, is the same grant. */
  issue(
    campaign: Hex,
    grants: readonly GrantRequest[],
  ): Promise<readonly GrantOutcome[] | IssuingRefusal>;
  addCodes(
    campaign: Hex,
    codes: readonly NewCode[],
  ): Promise<readonly CodeOutcome[] | IssuingRefusal>;
  /** Once for each spender; again, the same grant. */
  redeem(wish: { campaign: Hex; codeHash: Hex; spender: SpenderId }): Promise<RedeemOutcome>;
  /** From now on nobody redeems it; what was redeemed stays. `null` where there is none. */
  closeCode(campaign: Hex, codeHash: Hex): Promise<PromotionCode | null>;
  /** oldest first; `after` is the id of the last of the page before */
  ofCampaign(
    campaign: Hex,
    page: { after: Hex | null; limit: number },
  ): Promise<readonly IssuedGrant[]>;
  /** in the order of their hashes; `after` is the last of the page before */
  codes(
    campaign: Hex,
    page: { after: Hex | null; limit: number },
  ): Promise<readonly PromotionCode[]>;
}

export interface IssuedGrant {
  readonly key: string;
  readonly grant: Allowance;
}
