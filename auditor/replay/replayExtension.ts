import { isDeepStrictEqual } from "node:util";

import type { Address } from "viem";

import { type Hold, MAIN_LINE, isExpired, partsOf } from "@compute-credits/rules/holds/hold";
import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import { secondsSince1970 } from "@compute-credits/rules/allowances/period";
import type { AuditState } from "./auditState.ts";
import type { Finding, FindingKind } from "./finding.ts";
import { replayUnits } from "./replayHold.ts";
import type { ReplayTerms } from "./terms.ts";

/**
 * Checks an extension and applies its time; its units follow as lots. Refused had to be one of a
 * hold that is over, and one while an account that holds credits for it wants a refund or has raised
 * its counter, or one of their allowances has ended.
 */
export function replayHoldExtension(
  state: AuditState,
  entry: LogEntryOf<"hold_extension">,
): Finding[] {
  const hold = state.holds.get(eventKey(entry));
  if (hold === undefined || !isOpen(hold, entry.at)) return [isOver(entry, hold, entry.at)];
  const { at, ttlSeconds, expiresAt } = entry;
  state.setHold({ ...hold, expiresAt, extendedAt: at });
  const findings: Finding[] = [];
  const obstacle = findObstacle(state, hold, at);
  if (obstacle !== null) {
    findings.push(
      finding("hold_extended", entry, {
        party: obstacle.account,
        expected: hold.expiresAt.toISOString(),
        actual: expiresAt.toISOString(),
        text: `${nameOf(entry)} was extended at ${at.toISOString()}, although ${obstacle.why}`,
      }),
    );
  }
  const asked = ttlSeconds === null ? at : new Date(at.getTime() + ttlSeconds * 1000);
  const right = asked > hold.expiresAt ? asked : hold.expiresAt;
  if (expiresAt.getTime() !== right.getTime()) {
    findings.push(
      finding(expiresAt < right ? "hold_ended_early" : "hold_extended", entry, {
        party: partsOf(hold)[0]?.account ?? null,
        expected: right.toISOString(),
        actual: expiresAt.toISOString(),
        text: `${nameOf(entry)} ends at ${expiresAt.toISOString()} after its extension ${entry.extension}, but ${right.toISOString()} is right`,
      }),
    );
  }
  return findings;
}

/** Checks a further lot of a hold and reserves it. */
export function replayHoldLot(
  state: AuditState,
  entry: LogEntryOf<"hold_lot">,
  terms: ReplayTerms,
): Finding[] {
  const { heldAt } = entry;
  const hold = state.holds.get(eventKey(entry));
  if (hold === undefined || !isOpen(hold, heldAt)) return [isOver(entry, hold, heldAt)];
  const { spender, createdAt, extendedAt } = hold;
  const units = { ...entry, spender, createdAt: heldAt, quoteExpiresAt: null };
  const { lot, findings } = replayUnits(state, units, terms);
  state.setHold({ ...hold, lots: [...hold.lots, lot] });

  const about = { party: lot.parts[0]?.account ?? null, expected: null };
  const isAsked = [createdAt, extendedAt].some((at) => at?.getTime() === heldAt.getTime());
  if (!isAsked) {
    const text = `${nameOf(entry)} got ${entry.quantity} units more at ${heldAt.toISOString()}, when nobody extended it`;
    findings.push(finding("hold_extended", entry, { ...about, actual: `${entry.quantity}`, text }));
  }
  const { line = MAIN_LINE, meter, dimensions } = entry;
  const first = hold.lots.find((each) => each.line === line);
  const isOtherWork =
    first !== undefined && !isDeepStrictEqual([first.meter, first.dimensions], [meter, dimensions]);
  if (isOtherWork) {
    const text = `${nameOf(entry)} got units of ${meter} for its line ${line}, which is for ${first.meter}, or for other dimensions`;
    findings.push(finding("hold_extended", entry, { ...about, actual: meter, text }));
  }
  return findings;
}

/** Why a hold may not be extended, by what the log has under the locks of its accounts. */
function findObstacle(
  state: AuditState,
  hold: Hold,
  at: Date,
): { readonly account: Address; readonly why: string } | null {
  for (const { account, allowance: id, heldMicros } of partsOf(hold)) {
    if (heldMicros === 0n) continue;
    const party = state.party(account);
    const allowance = state.allowances.get(id);
    if (party.request !== null) {
      return { account, why: `${account} had requested a refund of credits` };
    }
    if (allowance === undefined) continue;
    const { message, revokedAt } = allowance;
    if (message.counter !== party.counter) {
      return { account, why: `${account} had raised its counter` };
    }
    if (revokedAt !== null) return { account, why: `the allowance ${id} was revoked` };
    if (message.expiresAt !== 0n && message.expiresAt <= secondsSince1970(at)) {
      return { account, why: `the allowance ${id} had expired` };
    }
  }
  return null;
}

function isOpen(hold: Hold, at: Date): boolean {
  return hold.resolution === null && !isExpired(hold, at);
}

function isOver(
  entry: LogEntryOf<"hold_lot" | "hold_extension">,
  hold: Hold | undefined,
  at: Date,
): Finding {
  const endedAt = hold?.resolution?.at ?? hold?.expiresAt;
  const why = endedAt === undefined ? "does not exist" : `had ended at ${endedAt.toISOString()}`;
  return finding(hold === undefined ? "hold_not_found" : "hold_over", entry, {
    party: hold === undefined ? null : (partsOf(hold)[0]?.account ?? null),
    expected: null,
    actual: at.toISOString(),
    text: `${nameOf(entry)} got more at ${at.toISOString()}, but it ${why}`,
  });
}

function finding(
  kind: FindingKind,
  { provider, id }: LogEntryOf<"hold_lot" | "hold_extension">,
  about: Pick<Finding, "party" | "expected" | "actual" | "text">,
): Finding {
  return { kind, event: { provider, id }, differenceMicros: null, ...about };
}

function nameOf({ provider, id }: LogEntryOf<"hold_lot" | "hold_extension">): string {
  return `the hold ${id} of ${provider}`;
}
