import { isDeepStrictEqual } from "node:util";

import type { Address } from "viem";

import type { LogEntry, LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { type AuditState, stepsKey } from "./auditState.ts";
import { checkStep } from "./checkStep.ts";
import type { Finding } from "./finding.ts";
import {
  replayAcceptance,
  replayAccess,
  replayAccessEnd,
  replayAllowance,
  replayGrant,
  replayRevocation,
} from "./replayAllowance.ts";
import { replayBlocks, replayRefund } from "./replayChain.ts";
import { replayMissedEvents } from "./replayMissedEvents.ts";
import { replayDebit } from "./replayDebit.ts";
import { replayHold, replayHoldEnd } from "./replayHold.ts";
import { replayHoldExtension, replayHoldLot } from "./replayExtension.ts";
import { replayIssuingKey, replayIssuingKeyEnd } from "./replayIssuing.ts";
import { replayReceipt } from "./replayReceipt.ts";
import { replayClaim, replayRule, replayRuleEnd } from "./replayRule.ts";
import { replayVoid } from "./replayVoid.ts";
import { replayWriteOff } from "./replayWriteOff.ts";
import type { ReplayTerms } from "./terms.ts";

/** Identifies an entry's signature in `ReplayTerms.forged`. */
export function signatureKey(entry: LogEntry): string {
  return `${entry.kind} ${entry.order}`;
}

/** Applies one log entry to the state and returns all findings about it. */
export function replayEntry(
  state: AuditState,
  entry: LogEntry,
  terms: ReplayTerms,
): readonly Finding[] {
  const isForged = terms.forged.size > 0 && terms.forged.has(signatureKey(entry));
  switch (entry.kind) {
    case "debit":
      return replayDebit(state, entry, terms);
    case "void":
      return replayVoid(state, entry, terms);
    case "hold":
      return replayHold(state, entry, terms);
    case "hold_lot":
      return replayHoldLot(state, entry, terms);
    case "hold_extension":
      return replayHoldExtension(state, entry);
    case "hold_end":
      return replayHoldEnd(state, entry);
    case "allowance":
      replayAllowance(state, entry, {
        isForged,
        byContract: terms.byContract.has(signatureKey(entry)),
      });
      return [];
    case "grant":
      replayGrant(state, entry);
      return [];
    case "revocation":
      return replayRevocation(state, entry, isForged);
    case "access":
      replayAccess(state, entry, isForged);
      return [];
    case "access_end":
      return replayAccessEnd(state, entry, isForged);
    case "issuing_key":
      replayIssuingKey(state, entry, isForged);
      return [];
    case "issuing_key_end":
      return replayIssuingKeyEnd(state, entry, isForged);
    case "provider_approval":
      return isForged ? [forgedApproval(entry)] : [];
    case "provider_key":
    case "provider_key_end":
      return isForged ? [forgedKey(entry)] : [];
    case "code":
    case "code_end":
      // What a redemption gives is a grant of its own.
      return [];
    case "campaign_rule":
      replayRule(state, entry);
      return [];
    case "campaign_rule_end":
      replayRuleEnd(state, entry);
      return [];
    case "rule_claim":
      replayClaim(state, entry);
      return [];
    case "checkpoint":
      // It is audited as the server publishes it.
      return [];
    case "acceptance":
      return replayAcceptance(state, entry, isForged);
    case "card":
      return replayCard(state, entry);
    case "multiplier": {
      const finding = checkStep(state, entry);
      state.addStep(stepsKey(entry.provider, entry.rateKey), entry.step);
      return finding === null ? [] : [finding];
    }
    case "blocks":
      return replayBlocks(state, entry, terms);
    case "missed_events":
      return replayMissedEvents(state, entry, terms);
    case "passed_block":
      // The auditor reads its own endpoints, and passes what its own operator names.
      return [];
    case "refund":
      return replayRefund(state, entry);
    case "receipt":
      replayReceipt(state, entry);
      return [];
    case "write_off":
      return replayWriteOff(state, entry, terms);
    case "rule":
      state.hasOwnPrices = true;
      return [];
    default:
      return entry satisfies never;
  }
}

/** Operators are the server's own choice: only that one signed can be checked. */
function forgedApproval({ provider, operator }: LogEntryOf<"provider_approval">): Finding {
  return forgedAccess(
    provider,
    `the provider ${provider} was approved, or not, without the signature of ${operator}`,
  );
}

function forgedKey({
  kind,
  provider,
  keyHash,
}: LogEntryOf<"provider_key" | "provider_key_end">): Finding {
  const done = kind === "provider_key" ? "registered" : "revoked";
  return forgedAccess(
    provider,
    `the key ${keyHash} of ${provider} was ${done} without a signature of its wallet`,
  );
}

function forgedAccess(party: Address, text: string): Finding {
  return {
    kind: "forged_access",
    party,
    event: null,
    expected: null,
    actual: null,
    differenceMicros: null,
    text,
  };
}

/** Adds a rate card, or checks that a repeated one did not change. */
function replayCard(state: AuditState, { card, createdAt }: LogEntryOf<"card">): Finding[] {
  const known = state.cards.get(card.version);
  if (known === undefined) {
    state.addCard({ card, createdAt });
    return [];
  }
  if (isDeepStrictEqual(known.card, card)) return [];
  return [
    {
      kind: "card_changed",
      party: card.provider ?? null,
      event: null,
      expected: null,
      actual: null,
      differenceMicros: null,
      text: `rate card ${card.version} was changed after its publication: a new price needs a new card`,
    },
  ];
}
