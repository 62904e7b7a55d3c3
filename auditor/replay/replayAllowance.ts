import type { Scope } from "@compute-credits/protocol/messages/allowance";
import { NO_USAGE } from "@compute-credits/rules/allowances/allowance";
import { periodIndexAt } from "@compute-credits/rules/allowances/period";
import { draftGrant } from "@compute-credits/rules/grants/grant";
import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import type { AuditState } from "./auditState.ts";
import { canonicalText } from "@compute-credits/rules/log/canonicalText";
import type { Finding } from "./finding.ts";
import { wasIssuedByOwner } from "./replayIssuing.ts";
import { wasClaimed } from "./replayRule.ts";

/** Adds an allowance. Its usage starts in the period of its creation. */
export function replayAllowance(
  state: AuditState,
  entry: LogEntryOf<"allowance">,
  { isForged, byContract }: { isForged: boolean; byContract: boolean },
): void {
  const { id, message, scope, signature, createdAt } = entry;
  implyAcceptance(state, entry);
  state.addAllowance({
    id,
    message,
    scope,
    signature,
    byContract,
    campaign: null,
    createdAt,
    revokedAt: null,
    usage: { ...NO_USAGE, periodIndex: periodIndexAt(message, createdAt) },
    isSigned: !isForged,
  });
}

/**
 * Adds a grant. It counts as signed if the campaign's signature covers all its terms, and the owner
 * let the issuer issue it. One that a rule gave also needs a claim that the rule allows.
 */
export function replayGrant(state: AuditState, entry: LogEntryOf<"grant">): void {
  const { id, key, message, scope, createdAt } = entry;
  implyAcceptance(state, entry);
  const campaign = state.allowances.get(entry.campaign);
  const issued = campaign === undefined ? null : draftGrant(campaign, { ...message, key, scope });
  const isCovered =
    issued !== null &&
    "id" in issued &&
    issued.id === id &&
    canonicalText([issued.message, sorted(issued.scope)]) ===
      canonicalText([message, sorted(scope)]);
  state.addAllowance({
    id,
    message,
    scope,
    signature: campaign?.signature ?? "0x",
    byContract: campaign?.byContract ?? true,
    campaign: entry.campaign,
    createdAt,
    revokedAt: null,
    usage: { ...NO_USAGE, periodIndex: periodIndexAt(message, createdAt) },
    isSigned:
      isCovered &&
      campaign?.isSigned === true &&
      campaign.campaign === null &&
      wasIssuedByOwner(state, campaign, entry) &&
      wasClaimed(state, entry),
  });
}

/**
 * Allowances from before acceptances count without one. A server cannot say so of later ones: once
 * the log has an acceptance, each pair needs its own.
 */
function implyAcceptance(
  state: AuditState,
  { message, createdAt, predatesAcceptance }: LogEntryOf<"allowance" | "grant">,
): void {
  if (!predatesAcceptance || state.hasAcceptances) return;
  if (state.acceptance(message) !== undefined) return;
  const implied = { accepted: true, changedAt: createdAt, signedAt: 0n, isImplied: true };
  state.setAcceptance(message.spender, message.account, implied);
}

/**
 * Applies an acceptance or its end. A wallet must have signed it, with a later message each time;
 * only its own account and an issuer's count without. The word of a key is the server's.
 */
export function replayAcceptance(
  state: AuditState,
  entry: LogEntryOf<"acceptance">,
  isForged: boolean,
): Finding[] {
  state.hasAcceptances = true;
  const { spender, account, accepted, how, signedAt, at } = entry;
  const before = state.acceptances.get(spender, account);
  const last = before?.signedAt ?? 0n;
  const isReplayed = how === "wallet" && signedAt <= last;
  // What needs no word of the spender cannot bring back what the spender ended.
  const isOverruled = (how === "own" || how === "issuer") && before?.isImplied === false;
  if (isForged || isReplayed || isOverruled) {
    const act = accepted ? "accepted" : "ended";
    return [
      {
        kind: "forged_acceptance",
        party: account,
        event: null,
        expected: null,
        actual: null,
        differenceMicros: null,
        text: `the account ${account} was ${act} for the spender ${spender} without a new word of the spender`,
      },
    ];
  }
  const isSame = before?.accepted === accepted;
  state.setAcceptance(spender, account, {
    accepted,
    changedAt: isSame ? before.changedAt : at,
    signedAt: how === "wallet" ? signedAt : last,
    isImplied: false,
  });
  return [];
}

function sorted({ providers, meters }: Scope): Scope {
  return { providers: providers.toSorted(), meters: meters.toSorted() };
}

/** Adds a provider's access to a spender, if its signature is valid. */
export function replayAccess(
  state: AuditState,
  { spender, provider, createdAt }: LogEntryOf<"access">,
  isForged: boolean,
): void {
  if (!isForged) state.setAccess(spender, provider, { createdAt, ended: false });
}

/** Revokes an allowance, if the entry's signature is valid. */
export function replayRevocation(
  state: AuditState,
  entry: LogEntryOf<"revocation">,
  isForged: boolean,
): Finding[] {
  const allowance = state.allowances.get(entry.allowance);
  if (isForged || allowance === undefined) {
    const party = allowance?.message.account ?? null;
    return [
      {
        kind: "forged_revocation",
        party,
        event: null,
        allowance: entry.allowance,
        expected: null,
        actual: null,
        differenceMicros: null,
        text: `the allowance ${entry.allowance} of ${party} was revoked without its owner's signature`,
      },
    ];
  }
  state.changeAllowance(allowance, { revokedAt: new Date(0) });
  return [];
}

/** Ends a provider's access, if the entry's signature is valid. */
export function replayAccessEnd(
  state: AuditState,
  { spender, provider }: LogEntryOf<"access_end">,
  isForged: boolean,
): Finding[] {
  const access = state.access.get(spender, provider);
  if (isForged) {
    return [
      {
        kind: "forged_access",
        party: provider,
        event: null,
        expected: null,
        actual: null,
        differenceMicros: null,
        text: `the access of ${provider} to the spender ${spender} was ended without the spender's signature`,
      },
    ];
  }
  if (access !== undefined) state.setAccess(spender, provider, { ...access, ended: true });
  return [];
}
