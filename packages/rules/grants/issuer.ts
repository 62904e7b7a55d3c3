import type { Hex } from "viem";

import {
  ANY_CAMPAIGN,
  type IssuingKeyMessage,
} from "@compute-credits/protocol/messages/issuingKey";
import { walletSpender } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "../allowances/allowance.ts";

/** Who issues: the hash of an issuing key, or the owner's address, padded to 32 bytes. */
export type Issuer = Hex;

/** What decides whether a key may issue out of a campaign. */
export interface RegisteredKey extends Pick<IssuingKeyMessage, "account" | "campaign" | "counter"> {
  readonly isRevoked: boolean;
}

/**
 * Whether an issuer may issue out of a campaign. `key` is the issuing key with the issuer's hash;
 * `null` if none was registered.
 */
export function mayIssue(
  { id, message }: Pick<Allowance, "id" | "message">,
  issuer: Issuer,
  key: RegisteredKey | null,
): boolean {
  if (issuer === walletSpender(message.account)) return true;
  return (
    key !== null &&
    !key.isRevoked &&
    key.account === message.account &&
    // The campaign has the account's counter, or it issues nothing.
    key.counter === message.counter &&
    (key.campaign === ANY_CAMPAIGN || key.campaign === id)
  );
}
