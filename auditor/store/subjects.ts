import type { Address, Hex } from "viem";

import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import { tierUsesOfBasis } from "@compute-credits/rules/pricing/priceBasis";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import { acceptanceKey, accessKey } from "../replay/auditState.ts";

/** The keys of all records that replaying a page of the log needs. */
export interface Subjects {
  readonly events: Set<string>;
  readonly holds: Set<string>;
  readonly access: Set<string>;
  /** hashes of keys, and the owners' addresses beside them */
  readonly issuers: Set<Hex>;
  readonly acceptances: Set<string>;
  readonly spenders: Set<Hex>;
  readonly allowances: Set<Hex>;
  readonly parties: Set<Address>;
}

/** Collects the subjects of a page's entries and chain events. */
export function subjectsOf(
  entries: readonly LogEntry[],
  chainEvents: readonly ChainEvent[],
): Subjects {
  const subjects: Subjects = {
    events: new Set(),
    holds: new Set(),
    access: new Set(),
    issuers: new Set(),
    acceptances: new Set(),
    spenders: new Set(),
    allowances: new Set(),
    parties: new Set(),
  };
  for (const event of chainEvents) {
    if ("account" in event) subjects.parties.add(event.account);
    else if (event.type === "row_settled") subjects.parties.add(event.party);
  }
  for (const entry of entries) addSubjects(subjects, entry);
  return subjects;
}

function addSubjects(subjects: Subjects, entry: LogEntry): void {
  const { events, holds, access, issuers, acceptances, spenders, allowances, parties } = subjects;
  switch (entry.kind) {
    case "debit": {
      const { provider, holdId, priceBasis } = entry;
      events.add(eventKey(entry));
      if (holdId !== null) holds.add(eventKey({ provider, id: holdId }));
      parties.add(provider);
      for (const { account, allowance } of entry.charges) {
        parties.add(account);
        allowances.add(allowance);
      }
      for (const use of tierUsesOfBasis(priceBasis)) parties.add(use.account);
      spenders.add(entry.spender);
      access.add(accessKey(entry.spender, provider));
      return;
    }
    case "void":
      events.add(eventKey(entry));
      parties.add(entry.provider);
      return;
    case "hold":
      holds.add(eventKey(entry));
      spenders.add(entry.spender);
      access.add(accessKey(entry.spender, entry.provider));
      return;
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
      parties.add(entry.message.account);
      return;
    case "revocation":
      allowances.add(entry.allowance);
      return;
    case "access":
    case "access_end":
      access.add(accessKey(entry.spender, entry.provider));
      return;
    case "issuing_key":
    case "issuing_key_end":
      issuers.add(entry.keyHash);
      return;
    case "acceptance":
      acceptances.add(acceptanceKey(entry.spender, entry.account));
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
