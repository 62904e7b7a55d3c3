import type { LogEntryOf, LoggedCharge } from "@compute-credits/rules/log/logEntry";
import { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import { forgetFirstUse } from "./firstUse.ts";
import { applyDraft } from "./applyDraft.ts";
import type { AuditState } from "./auditState.ts";
import { type Finding, describeEvent } from "./finding.ts";
import type { ReplayTerms } from "./terms.ts";

/** Checks a void and applies it: returns the charges, the earnings and the tiered usage. */
export function replayVoid(
  state: AuditState,
  entry: LogEntryOf<"void">,
  terms: ReplayTerms,
): Finding[] {
  const name = eventKey(entry);
  const event = { provider: entry.provider, id: entry.id };
  const known = state.events.get(name);
  const about = { party: entry.provider, event, actual: `${entry.amountMicros}` };
  if (known === undefined) {
    const text = `${describeEvent(event)} was voided, ${entry.amountMicros} micro-credits, but was never charged`;
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
    const text = `${describeEvent(event)} was voided twice: ${entry.amountMicros} micro-credits too many`;
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
      text: `${describeEvent(event)} was voided, ${entry.amountMicros} micro-credits, although a counting checkpoint holds it`,
    });
  }
  const promised = state.receipts.get(entry.provider);
  if (promised !== undefined && known.recordedAt <= promised.at) {
    const lost = earnedBy(known.charges);
    findings.push({
      ...about,
      kind: "voided_after_receipt",
      expected: "0",
      differenceMicros: -lost,
      text: `${describeEvent(event)} was voided, although the receipt of ${promised.at.toISOString()} promises ${entry.provider} the ${lost} micro-credits that it earned: ${promised.earned} in total from epoch ${promised.epoch} on`,
    });
  }
  const paidByOperator = known.charges.find(({ account }) => {
    const { writtenOffAt } = state.party(account);
    return writtenOffAt !== null && known.recordedAt <= writtenOffAt;
  });
  if (paidByOperator !== undefined) {
    findings.push({
      ...about,
      kind: "voided_after_settlement",
      expected: "0",
      differenceMicros: entry.amountMicros,
      text: `${describeEvent(event)} was voided, ${entry.amountMicros} micro-credits, although the operator has taken over the spending of ${paidByOperator.account}`,
    });
  }
  const total = known.charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  if (total !== entry.amountMicros) {
    findings.push({
      ...about,
      kind: "wrong_void",
      expected: `${total}`,
      differenceMicros: entry.amountMicros - total,
      text: `${describeEvent(event)} was voided by ${entry.amountMicros} micro-credits, but ${total} were charged`,
    });
  }

  const ids = new Set(known.charges.map(({ allowance }) => allowance));
  const allowances = [...ids].flatMap((id) => state.allowances.get(id) ?? []);
  const draft = new SpendingDraft({
    now: entry.at,
    accounts: state.parties,
    allowances,
    campaigns: state.campaignsOf(allowances),
    hasAccess: () => false,
  });
  for (const [part, charge] of known.charges.entries()) {
    const takenAt = known.takenAts?.[part] ?? known.takenAt;
    if (state.allowances.has(charge.allowance)) draft.returnSpent(charge, takenAt);
  }
  applyDraft(state, draft);
  for (const charge of known.charges) forgetFirstUse(state, charge, known.recordedAt);
  const provider = state.party(entry.provider);
  state.setParty({ ...provider, earned: provider.earned - earnedBy(known.charges) });
  for (const { use, units } of known.tierUnits) state.addUnits(use, -units);
  state.setEvent(name, { ...known, voided: true });
  return findings;
}

function earnedBy(charges: readonly LoggedCharge[]): bigint {
  return charges.reduce((sum, { amountMicros, feeMicros }) => sum + amountMicros - feeMicros, 0n);
}
