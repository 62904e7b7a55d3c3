import { isDeepStrictEqual } from "node:util";

import { zeroAddress } from "viem";

import type { Scope } from "@compute-credits/protocol/messages/allowance";
import { NO_USAGE } from "@compute-credits/rules/allowances/allowance";
import { periodIndexAt } from "@compute-credits/rules/allowances/period";
import { requestRefund } from "@compute-credits/rules/accounts/account";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import { draftGrant } from "@compute-credits/rules/grants/grant";
import { isExpired } from "@compute-credits/rules/holds/hold";
import { returnHeld } from "@compute-credits/rules/holds/resolve";
import type { LogEntry, LogEntryOf, LoggedCharge } from "@compute-credits/rules/log/logEntry";
import { pricePinned } from "@compute-credits/rules/pricing/pinnedRate";
import { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import { type AuditState, accessName, eventName, stepsName } from "./auditState.ts";
import { holdDraft, replayDebit } from "./debits.ts";
import { applyDraft } from "./applyDraft.ts";
import { type Finding, textOfDifference, textOfEvent } from "./finding.ts";
import { explainCharges, firstUsable, honestPayments } from "./payers.ts";
import { checkPinnedRate, checkStep, textOf } from "./prices.ts";
import type { ReplayTerms } from "./terms.ts";

/** Names what was signed in an entry: `ReplayTerms.forged` has those whose signature does not hold. */
export function signatureName(entry: LogEntry): string {
  return `${entry.kind} ${entry.order}`;
}

/** Takes one entry of the log into the auditState, and tells all that is wrong with it. */
export function replayEntry(
  auditState: AuditState,
  entry: LogEntry,
  terms: ReplayTerms,
): readonly Finding[] {
  const isForged = terms.forged.has(signatureName(entry));
  switch (entry.kind) {
    case "debit":
      return replayDebit(auditState, entry, terms);
    case "void":
      return replayVoid(auditState, entry, terms);
    case "hold":
      return replayHold(auditState, entry, terms);
    case "hold_end":
      return replayHoldEnd(auditState, entry);
    case "allowance":
      auditState.setAllowance({
        id: entry.id,
        message: entry.message,
        scope: entry.scope,
        signature: entry.signature,
        campaign: null,
        createdAt: entry.createdAt,
        revokedAt: null,
        // It begins with the period that it arrives in.
        usage: { ...NO_USAGE, periodIndex: periodIndexAt(entry.message, entry.createdAt) },
        isSigned: !isForged,
      });
      return [];
    case "grant":
      replayGrant(auditState, entry);
      return [];
    case "revocation":
      return replayRevocation(auditState, entry, isForged);
    case "access":
      if (!isForged) {
        const { spender, provider, createdAt } = entry;
        auditState.setAccess(accessName(spender, provider), { createdAt, ended: false });
      }
      return [];
    case "access_end":
      return replayAccessEnd(auditState, entry, isForged);
    case "card":
      return replayCard(auditState, entry);
    case "multiplier": {
      const finding = checkStep(auditState, entry);
      auditState.addStep(stepsName(entry.provider, entry.rateKey), entry.step);
      return finding === null ? [] : [finding];
    }
    case "blocks":
      return replayBlocks(auditState, entry, terms);
    case "refund":
      return replayRefund(auditState, entry);
    case "receipt":
      replayReceipt(auditState, entry);
      return [];
    default:
      return entry satisfies never;
  }
}

/** Nobody signed it but for its campaign's owner: it is good where that covers all that it says. */
function replayGrant(auditState: AuditState, entry: LogEntryOf<"grant">): void {
  const { id, key, message, scope, createdAt } = entry;
  const campaign = auditState.allowances.get(entry.campaign);
  const issued = campaign === undefined ? null : draftGrant(campaign, { ...message, key, scope });
  const isCovered =
    issued !== null &&
    "id" in issued &&
    issued.id === id &&
    textOf([issued.message, sorted(issued.scope)]) === textOf([message, sorted(scope)]);
  auditState.setAllowance({
    id,
    message,
    scope,
    signature: campaign?.signature ?? "0x",
    campaign: entry.campaign,
    createdAt,
    revokedAt: null,
    usage: { ...NO_USAGE, periodIndex: periodIndexAt(message, createdAt) },
    isSigned: isCovered && campaign?.isSigned === true && campaign.campaign === null,
  });
}

function sorted({ providers, meters }: Scope): Scope {
  return { providers: providers.toSorted(), meters: meters.toSorted() };
}

function replayVoid(
  auditState: AuditState,
  entry: LogEntryOf<"void">,
  terms: ReplayTerms,
): Finding[] {
  const name = eventName(entry);
  const event = { provider: entry.provider, id: entry.id };
  const known = auditState.events.get(name);
  const about = { party: entry.provider, event, actual: `${entry.amountMicros}` };
  if (known === undefined) {
    const text = `${textOfEvent(event)} was taken back, ${entry.amountMicros} micro-credits, and was never charged`;
    return [
      {
        ...about,
        kind: "void_of_nothing",
        expected: null,
        differenceMicros: entry.amountMicros,
        text,
      },
    ];
  }
  if (known.voided) {
    const text = `${textOfEvent(event)} was taken back twice: ${entry.amountMicros} micro-credits too many`;
    return [
      { ...about, kind: "voided_twice", expected: "0", differenceMicros: entry.amountMicros, text },
    ];
  }
  const findings: Finding[] = [];
  if (known.cut !== terms.cut && terms.counts(known.cut)) {
    findings.push({
      ...about,
      kind: "voided_after_settlement",
      expected: "0",
      differenceMicros: entry.amountMicros,
      text: `${textOfEvent(event)} was taken back, ${entry.amountMicros} micro-credits, and a checkpoint that counts holds it`,
    });
  }
  const promised = auditState.receipts.get(entry.provider);
  if (promised !== undefined && known.recordedAt <= promised.at) {
    const lost = earnedBy(known.charges);
    findings.push({
      ...about,
      kind: "voided_after_receipt",
      expected: "0",
      differenceMicros: -lost,
      text: `${textOfEvent(event)} was taken back, by which ${entry.provider} had earned ${lost} micro-credits, and the receipt of ${promised.at.toISOString()} promises them: ${promised.earned} from epoch ${promised.epoch} on`,
    });
  }
  const total = known.charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  if (total !== entry.amountMicros) {
    findings.push({
      ...about,
      kind: "wrong_void",
      expected: `${total}`,
      differenceMicros: entry.amountMicros - total,
      text: `${textOfEvent(event)} gives ${entry.amountMicros} micro-credits back, and ${total} were charged`,
    });
  }

  const ids = new Set(known.charges.map(({ allowance }) => allowance));
  const allowances = [...ids].flatMap((id) => auditState.allowances.get(id) ?? []);
  const draft = new SpendingDraft({
    now: entry.at,
    accounts: auditState.parties,
    allowances,
    campaigns: auditState.campaignsOf(allowances),
    hasAccess: () => false,
  });
  for (const charge of known.charges) {
    if (auditState.allowances.has(charge.allowance)) draft.returnSpent(charge, known.takenAt);
  }
  applyDraft(auditState, draft);
  const provider = auditState.party(entry.provider);
  auditState.setParty({ ...provider, earned: provider.earned - earnedBy(known.charges) });
  if (known.use !== null) auditState.addUnits(known.use, -known.quantity);
  auditState.setEvent(name, { ...known, voided: true });
  return findings;
}

function earnedBy(charges: readonly LoggedCharge[]): bigint {
  return charges.reduce((sum, { amountMicros, feeMicros }) => sum + amountMicros - feeMicros, 0n);
}

/** A later receipt never takes an earlier one back: the most that was promised stays, and is due when that was. */
function replayReceipt(
  auditState: AuditState,
  { provider, earned, epoch, at }: LogEntryOf<"receipt">,
): void {
  const before = auditState.receipts.get(provider);
  const most = before !== undefined && before.earned > earned ? before : { earned, epoch };
  const isOlder = before !== undefined && before.at > at;
  auditState.setReceipt(provider, {
    earned: most.earned,
    epoch: most.epoch,
    at: isOlder ? before.at : at,
  });
}

function replayHold(
  auditState: AuditState,
  entry: LogEntryOf<"hold">,
  terms: ReplayTerms,
): Finding[] {
  const event = { provider: entry.provider, id: entry.id };
  if (auditState.holds.has(eventName(entry))) {
    const text = `the hold ${entry.id} of ${entry.provider} was made twice`;
    return [
      {
        kind: "hold_doubled",
        party: null,
        event,
        expected: null,
        actual: null,
        differenceMicros: null,
        text,
      },
    ];
  }
  const now = entry.createdAt;
  const amountMicros = pricePinned(entry.rate, entry.quantity);
  const firsts = firstUsable(auditState, entry, now).map(({ message }) => message.account);
  const rate = checkPinnedRate(auditState, entry, [...new Set(firsts)], terms.maxQuoteSeconds);
  const findings = rate === null ? [] : [rate];

  const payments = honestPayments(auditState, entry, { amountMicros, now, as: "held" });
  const payment = payments.find(({ charges }) =>
    isDeepStrictEqual(
      charges.map(({ allowance }) => allowance),
      entry.allowances,
    ),
  );
  const hold = {
    ...entry,
    requestHash: "0x",
    createdAt: now,
    capturedMicros: 0n,
    capturedQuantity: 0n,
    resolution: null,
  } as const;
  if (payment === undefined) {
    findings.push(
      explainCharges(auditState, event, entry, {
        charges: asNamed(auditState, entry, amountMicros),
        expected: payments[0] ?? null,
        now,
      }),
    );
  }
  // Where another was to pay: as the rules have it, so that its captures show who was charged instead.
  const booked = payment ?? payments[0];
  if (booked !== undefined) applyDraft(auditState, booked.draft);
  const parts = (booked?.charges ?? []).map(({ account, allowance, amountMicros: heldMicros }) => ({
    account,
    allowance,
    heldMicros,
  }));
  auditState.setHold({ ...hold, parts });
  return findings;
}

/** The log names the allowances of a hold, and not what each holds: all is put down to the first. */
function asNamed(auditState: AuditState, { allowances }: LogEntryOf<"hold">, amountMicros: bigint) {
  return allowances.map((id, part) => ({
    account: auditState.allowances.get(id)?.message.account ?? zeroAddress,
    allowance: id,
    amountMicros: part === 0 ? amountMicros : 0n,
  }));
}

function replayHoldEnd(auditState: AuditState, entry: LogEntryOf<"hold_end">): Finding[] {
  const hold = auditState.holds.get(eventName(entry));
  const about = {
    party: hold?.parts[0]?.account ?? null,
    event: { provider: entry.provider, id: entry.id },
    differenceMicros: null,
  };
  if (hold === undefined || hold.resolution !== null) {
    const text = `the hold ${entry.id} of ${entry.provider} ends as ${entry.as}, and ${hold === undefined ? "was never made" : "had ended before"}`;
    return [{ ...about, kind: "hold_not_found", expected: null, actual: entry.as, text }];
  }
  const draft = holdDraft(auditState, hold, entry.at);
  const ended = returnHeld(hold, entry.as === "expired" ? "expired" : "released", draft);
  applyDraft(auditState, draft);
  auditState.setHold({ ...ended, resolution: { as: entry.as, at: entry.at } });
  if (entry.as === "expired" && !isExpired(hold, entry.at)) {
    const text = `the hold ${entry.id} of ${entry.provider} ran out ${entry.at.toISOString()}, and was good until ${hold.expiresAt.toISOString()}`;
    return [
      {
        ...about,
        kind: "hold_ended_early",
        expected: hold.expiresAt.toISOString(),
        actual: entry.at.toISOString(),
        text,
      },
    ];
  }
  return [];
}

function replayRevocation(
  auditState: AuditState,
  entry: LogEntryOf<"revocation">,
  isForged: boolean,
): Finding[] {
  const allowance = auditState.allowances.get(entry.allowance);
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
        text: `the allowance ${entry.allowance} of ${party} was revoked, and its owner did not sign that`,
      },
    ];
  }
  auditState.setAllowance({ ...allowance, revokedAt: new Date(0) });
  return [];
}

function replayAccessEnd(
  auditState: AuditState,
  { spender, provider }: LogEntryOf<"access_end">,
  isForged: boolean,
): Finding[] {
  const name = accessName(spender, provider);
  const access = auditState.access.get(name);
  if (isForged) {
    return [
      {
        kind: "forged_access",
        party: provider,
        event: null,
        expected: null,
        actual: null,
        differenceMicros: null,
        text: `the access of ${provider} to the spender ${spender} was taken back, and the spender did not sign that`,
      },
    ];
  }
  if (access !== undefined) auditState.setAccess(name, { ...access, ended: true });
  return [];
}

function replayCard(auditState: AuditState, { card, createdAt }: LogEntryOf<"card">): Finding[] {
  const known = auditState.cards.get(card.version);
  if (known === undefined) {
    auditState.addCard({ card, createdAt });
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
      text: `rate card ${card.version} is not what it was: cards are followed by others, never changed`,
    },
  ];
}

/** Takes the blocks' events in from the auditor's own reading of the chain. */
function replayBlocks(
  auditState: AuditState,
  { from, to }: LogEntryOf<"blocks">,
  { chainEvents }: ReplayTerms,
): Finding[] {
  const skipped = chainEvents(auditState.appliedBlock + 1n, from - 1n).flatMap(ignoredEvent);
  for (const event of chainEvents(from, to)) applyChainEvent(auditState, event);
  auditState.appliedBlock = to;
  return skipped;
}

function applyChainEvent(auditState: AuditState, event: ChainEvent): void {
  switch (event.type) {
    case "purchased": {
      const party = auditState.party(event.account);
      auditState.setParty({ ...party, purchased: party.purchased + event.amountMicros });
      return;
    }
    case "refund_requested": {
      const party = auditState.party(event.account);
      auditState.setParty({ ...party, ...requestRefund(party, event.requestedMicros) });
      return;
    }
    case "counter_raised":
      auditState.setParty({ ...auditState.party(event.account), counter: event.counter });
      return;
    default:
  }
}

/** What a server left out of what happened on chain, where it matters to a row. */
export function ignoredEvent(event: ChainEvent): Finding[] {
  const about = { event: null, expected: null, actual: null };
  switch (event.type) {
    case "purchased":
      return [
        {
          ...about,
          kind: "chain_event_ignored",
          party: event.account,
          differenceMicros: -event.amountMicros,
          text: `${event.account} bought ${event.amountMicros} micro-credits in block ${event.blockNumber}, and the server did not take it in`,
        },
      ];
    case "refund_requested":
      return [
        {
          ...about,
          kind: "chain_event_ignored",
          party: event.account,
          differenceMicros: -event.requestedMicros,
          text: `${event.account} asked for a refund of ${event.requestedMicros} micro-credits in block ${event.blockNumber}, and the server did not take it in`,
        },
      ];
    case "counter_raised":
      return [
        {
          ...about,
          kind: "chain_event_ignored",
          party: event.account,
          differenceMicros: null,
          text: `${event.account} raised its counter to ${event.counter} in block ${event.blockNumber}, and the server did not take it in`,
        },
      ];
    default:
      return [];
  }
}

/** All that was set aside goes into the row, no more and no less. */
function replayRefund(
  auditState: AuditState,
  { account, amountMicros }: LogEntryOf<"refund">,
): Finding[] {
  const party = auditState.party(account);
  auditState.setParty({
    ...party,
    refunding: party.refunding > amountMicros ? party.refunding - amountMicros : 0n,
    refunded: party.refunded + amountMicros,
  });
  const differenceMicros = amountMicros - party.refunding;
  if (differenceMicros === 0n) return [];
  return [
    {
      kind: "wrong_refund",
      party: account,
      event: null,
      expected: `${party.refunding}`,
      actual: `${amountMicros}`,
      differenceMicros,
      text: `${account} is refunded ${amountMicros} micro-credits, and ${party.refunding} were set aside: ${textOfDifference(differenceMicros)}`,
    },
  ];
}
