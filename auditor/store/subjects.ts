import type { Address, Hex } from "viem";

import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { LogEntry, LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { tierUsesOfBasis } from "@compute-credits/rules/pricing/priceBasis";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import { isRuleGrant } from "@compute-credits/rules/grants/campaignRule";
import { type AuditState, SpenderPairs, claimName } from "../replay/auditState.ts";
import { claimOfGrant } from "../replay/replayRule.ts";

/** The keys of all records that replaying a page of the log needs. */
export interface Subjects {
  readonly events: Set<string>;
  readonly holds: Set<string>;
  /** spenders and providers */
  readonly access: SpenderPairs;
  /** hashes of keys, and the owners' addresses beside them */
  readonly issuers: Set<Hex>;
  /** campaigns whose rules are needed */
  readonly rules: Set<Hex>;
  /** claims, by `claimName` */
  readonly claims: Set<string>;
  /** accounts that claim, whose first purchases are needed */
  readonly buyers: Set<Address>;
  /** spenders and accounts */
  readonly acceptances: SpenderPairs;
  readonly spenders: Set<Hex>;
  readonly allowances: Set<Hex>;
  readonly parties: Set<Address>;
}

export function noSubjects(): Subjects {
  return {
    events: new Set(),
    holds: new Set(),
    access: new SpenderPairs(),
    issuers: new Set(),
    rules: new Set(),
    claims: new Set(),
    buyers: new Set(),
    acceptances: new SpenderPairs(),
    spenders: new Set(),
    allowances: new Set(),
    parties: new Set(),
  };
}

/**
 * Collects the subjects of a page's entries and chain events. What debits need is left out if the
 * state has it. A debit's own event is a subject only if it may be stored already.
 */
export function subjectsOf(
  state: AuditState,
  entries: readonly LogEntry[],
  {
    chainEvents,
    mayDouble,
  }: { readonly chainEvents: readonly ChainEvent[]; readonly mayDouble: boolean },
): Subjects {
  const subjects = noSubjects();
  for (const event of chainEvents) {
    if ("account" in event) subjects.parties.add(event.account);
    else if (event.type === "row_settled") subjects.parties.add(event.party);
  }
  for (const entry of entries) {
    if (entry.kind !== "debit") addSubjects(subjects, entry);
    else {
      addSubjectsOfDebit(subjects, entry, state);
      if (mayDouble) subjects.events.add(eventKey(entry));
    }
  }
  return subjects;
}

function addSubjectsOfDebit(
  { holds, access, spenders, allowances, parties }: Subjects,
  { provider, spender, holdId, priceBasis, charges }: LogEntryOf<"debit">,
  state: AuditState,
): void {
  if (holdId !== null) holds.add(eventKey({ provider, id: holdId }));
  if (!state.parties.has(provider)) parties.add(provider);
  if (!state.settledSpenders.has(spender)) spenders.add(spender);
  if (!state.access.has(spender, provider)) access.add(spender, provider);
  for (const { account, allowance } of charges) {
    if (!state.parties.has(account)) parties.add(account);
    if (!state.allowances.has(allowance)) allowances.add(allowance);
  }
  if (priceBasis === null) return;
  for (const use of tierUsesOfBasis(priceBasis)) parties.add(use.account);
}

function addSubjects(subjects: Subjects, entry: Exclude<LogEntry, { kind: "debit" }>): void {
  const { events, holds, access, issuers, acceptances, spenders, allowances, parties } = subjects;
  switch (entry.kind) {
    case "void":
      events.add(eventKey(entry));
      parties.add(entry.provider);
      return;
    case "hold":
      holds.add(eventKey(entry));
      spenders.add(entry.spender);
      access.add(entry.spender, entry.provider);
      return;
    case "hold_lot":
    case "hold_extension":
    case "hold_end":
      holds.add(eventKey(entry));
      return;
    case "allowance":
      spenders.add(entry.message.spender);
      parties.add(entry.message.account);
      return;
    case "grant":
      spenders.add(entry.message.spender);
      allowances.add(entry.campaign);
      if (entry.issuer !== null) issuers.add(entry.issuer);
      if (isRuleGrant(entry.key)) subjects.claims.add(claimOfGrant(entry));
      parties.add(entry.message.account);
      return;
    case "campaign_rule":
      allowances.add(entry.campaign);
      issuers.add(entry.issuer);
      subjects.rules.add(entry.campaign);
      return;
    case "campaign_rule_end":
      subjects.rules.add(entry.campaign);
      return;
    case "rule_claim":
      allowances.add(entry.campaign);
      spenders.add(entry.spender);
      parties.add(entry.account);
      if (entry.referrer !== null) parties.add(entry.referrer);
      subjects.rules.add(entry.campaign);
      subjects.claims.add(claimName(entry.campaign, entry.account));
      subjects.buyers.add(entry.account);
      return;
    case "revocation":
      allowances.add(entry.allowance);
      return;
    case "access":
    case "access_end":
      access.add(entry.spender, entry.provider);
      return;
    case "issuing_key":
    case "issuing_key_end":
      issuers.add(entry.keyHash);
      return;
    case "acceptance":
      acceptances.add(entry.spender, entry.account);
      return;
    case "receipt":
      parties.add(entry.provider);
      return;
    case "refund":
      parties.add(entry.account);
      return;
    case "write_off":
      parties.add(entry.account);
      parties.add(entry.payer);
      return;
    case "provider_approval":
    case "provider_key":
    case "provider_key_end":
    case "code":
    case "code_end":
    case "checkpoint":
    case "card":
    case "multiplier":
    case "blocks":
    case "missed_events":
    case "passed_block":
    case "rule":
      return;
    default:
      entry satisfies never;
  }
}
