import { type Account, available } from "../accounts/account.ts";
import type { Allowance, AllowanceUsage } from "../allowances/allowance.ts";
import { remainingInPeriod } from "../allowances/period.ts";

/** The limit that a charge exceeded. */
export type CreditShortage =
  | "insufficient_credits"
  | "allowance_exhausted"
  | "campaign_exhausted"
  | "account_cap_reached"
  /** a contract wallet signed a cap that the court does not have on record */
  | "cap_not_recorded";

/** The most that an allowance can pay now, and the limit that sets it. */
export interface Room {
  readonly limit: CreditShortage;
  /** never negative */
  readonly amountMicros: bigint;
}

/** An allowance or campaign with its usage, renewed for the current period. */
interface Budget {
  readonly message: Allowance["message"];
  readonly usage: AllowanceUsage;
}

/** The state that limits one allowance. */
export interface RoomState {
  readonly account: Account;
  readonly allowance: Budget & Pick<Allowance, "byContract">;
  /** for a grant */
  readonly campaign: Budget | null;
}

/** The tightest limit of an allowance, or the first of equal ones. */
export function roomOf({ account, allowance, campaign }: RoomState): Room {
  const rooms: Readonly<Record<CreditShortage, bigint>> = {
    insufficient_credits: available(account),
    allowance_exhausted: remainingInPeriod(allowance.message, allowance.usage),
    campaign_exhausted:
      campaign === null ? NO_LIMIT : remainingInPeriod(campaign.message, campaign.usage),
    // Held credits count as spent, so that a later capture stays under the signed cap.
    account_cap_reached: allowance.message.accountCap - account.spent - account.held,
    cap_not_recorded: allowance.byContract
      ? account.recordedCap - account.spent - account.held
      : NO_LIMIT,
  };
  let limit: CreditShortage = "insufficient_credits";
  if (rooms.allowance_exhausted < rooms[limit]) limit = "allowance_exhausted";
  if (rooms.campaign_exhausted < rooms[limit]) limit = "campaign_exhausted";
  if (rooms.account_cap_reached < rooms[limit]) limit = "account_cap_reached";
  if (rooms.cap_not_recorded < rooms[limit]) limit = "cap_not_recorded";
  return { limit, amountMicros: rooms[limit] < 0n ? 0n : rooms[limit] };
}

/** Exceeds any possible amount. */
const NO_LIMIT = 2n ** 64n;
