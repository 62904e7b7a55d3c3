import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { isRuleGrant } from "@compute-credits/rules/grants/campaignRule";
import { mayIssue } from "@compute-credits/rules/grants/issuer";
import { isRedemption } from "@compute-credits/rules/grants/promotionCode";
import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import type { AuditState } from "./auditState.ts";
import type { Finding } from "./finding.ts";

/** Adds an issuing key, if the owner's signature is valid. */
export function replayIssuingKey(
  state: AuditState,
  { account, keyHash, campaign, counter }: LogEntryOf<"issuing_key">,
  isForged: boolean,
): void {
  if (isForged) return;
  const open = { isRevoked: false, revokesGrants: false };
  state.setIssuingKey(keyHash, { account, campaign, counter, ...open });
}

/** Ends an issuing key, if the owner's signature is valid. */
export function replayIssuingKeyEnd(
  state: AuditState,
  { account, keyHash, revokesGrants }: LogEntryOf<"issuing_key_end">,
  isForged: boolean,
): Finding[] {
  const key = state.issuingKeys.get(keyHash);
  if (!isForged && key?.account === account) {
    state.setIssuingKey(keyHash, { ...key, isRevoked: true, revokesGrants });
    return [];
  }
  return [
    {
      kind: "forged_revocation",
      party: account,
      event: null,
      expected: null,
      actual: null,
      differenceMicros: null,
      text: `the issuing key ${keyHash} of ${account} was revoked without its owner's signature`,
    },
  ];
}

/**
 * Whether the log shows that a grant's issuer could issue it. A grant without an issuer is from
 * before there were issuing keys. Codes and rules outlive their key, unless the key's grants are revoked.
 */
export function wasIssuedByOwner(
  state: AuditState,
  campaign: Allowance,
  { issuer, key: grantKey }: Pick<LogEntryOf<"grant">, "issuer" | "key">,
): boolean {
  if (issuer === null) return true;
  const key = state.issuingKeys.get(issuer) ?? null;
  const isOfOffer = isRedemption(grantKey) || isRuleGrant(grantKey);
  const outlives = isOfOffer && key?.revokesGrants !== true;
  const registered = key === null ? null : { ...key, isRevoked: key.isRevoked && !outlives };
  return mayIssue(campaign, issuer, registered);
}
