import { takeOver, writeOff } from "@compute-credits/rules/accounts/writeOff";
import {
  type Coverage,
  answerableSpent,
  submissionMarginSeconds,
} from "@compute-credits/rules/checkpoints/answerable";
import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import type { WriteOffFacts } from "./writeOffFacts.ts";
import type { AuditState, Party } from "./auditState.ts";
import { type Finding, describeDifference } from "./finding.ts";
import { PROPAGATION_MS, type ReplayTerms } from "./terms.ts";

const NOTHING: WriteOffFacts = { signed: [], onChain: [] };

/**
 * Moves the spending, and checks that it was allowed: nothing that the chain would accept covers
 * it, its last counting row stays whole, and the operator's own account pays within its own caps.
 */
export function replayWriteOff(
  state: AuditState,
  { account, payer, amountMicros, at, chainTime }: LogEntryOf<"write_off">,
  { writeOffAccount, writeOffFacts, counterGraceSeconds, readUpTo }: ReplayTerms,
): Finding[] {
  const before = state.party(account);
  const inForce = counterGraceSeconds - submissionMarginSeconds(counterGraceSeconds);
  // No later than the log's own time, or than the blocks show.
  const latest = at > readUpTo ? at : readUpTo;
  const submittedAt = chainTime < latest ? chainTime : latest;
  const answerable = answerableSpent(
    coverageOf(state, before, { facts: writeOffFacts.get(account) ?? NOTHING, at }),
    { submittedAt, graceSeconds: inForce },
  );
  const freed = writeOff(before, amountMicros);
  state.setParty({ ...before, ...freed, writtenOffAt: at });
  const payerBefore = state.party(payer);
  const charged = takeOver(payerBefore, amountMicros);
  state.setParty({ ...payerBefore, ...charged });

  const findings: Finding[] = [];
  const about = { kind: "wrong_write_off", event: null } as const;
  const uncovered = before.spent > answerable ? before.spent - answerable : 0n;
  if (amountMicros > uncovered) {
    const differenceMicros = amountMicros - uncovered;
    findings.push({
      ...about,
      party: account,
      expected: `at most ${uncovered}`,
      actual: `${amountMicros}`,
      differenceMicros,
      text: `${amountMicros} micro-credits of ${account}'s spending were written off, but only ${uncovered} are in no final table and under no cap in force: ${describeDifference(differenceMicros)}`,
    });
  }
  if (payer !== writeOffAccount || payer === account) {
    findings.push({
      ...about,
      party: payer,
      expected: writeOffAccount,
      actual: payer,
      differenceMicros: amountMicros,
      text: `${payer} was charged ${amountMicros} micro-credits that ${account} spent, but it is not the operator's account for that (WRITE_OFF_ACCOUNT${writeOffAccount === null ? " is not set here" : ` is ${writeOffAccount}`})`,
    });
  }
  const cap = answerableSpent(
    {
      ...coverageOf(state, payerBefore, {
        facts: writeOffFacts.get(payer) ?? NOTHING,
        // A cap that has just come in counts for its owner.
        at: new Date(at.getTime() + PROPAGATION_MS),
      }),
      finalSpent: 0n,
    },
    { submittedAt: at, graceSeconds: 0 },
  );
  if (charged.spent > cap) {
    findings.push({
      ...about,
      party: payer,
      expected: `at most ${cap} in all`,
      actual: `${charged.spent}`,
      differenceMicros: charged.spent - cap,
      text: `${payer} took over ${amountMicros} micro-credits and is charged ${charged.spent} in all, but signed for ${cap}`,
    });
  }
  return findings;
}

function coverageOf(
  state: AuditState,
  party: Party,
  { facts, at }: { facts: WriteOffFacts; at: Date },
): Coverage {
  // The auditor may have read blocks that the ledger had not.
  const known = facts.onChain.filter(({ blockNumber }) => blockNumber <= state.appliedBlock);
  return {
    finalSpent: party.finalSpent,
    currentCounter: party.counter,
    endedAt: new Map(
      known.flatMap(({ counter, is }) =>
        "raisedAt" in is ? [[counter - 1n, is.raisedAt] as const] : [],
      ),
    ),
    caps: [
      ...facts.signed.filter(
        ({ createdAt }) => createdAt.getTime() <= at.getTime() - PROPAGATION_MS,
      ),
      ...known.flatMap(({ counter, is }) =>
        "capMicros" in is ? { counter, capMicros: is.capMicros } : [],
      ),
    ],
  };
}
