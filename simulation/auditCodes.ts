import { isDeepStrictEqual } from "node:util";

import { DisagreementError } from "./disagreement.ts";
import { fingerprintOfCode } from "./fingerprint.ts";
import type { Journal, JournalledCode, JournalledRedemption } from "./journal.ts";
import type { CodeRow, LedgerSnapshot } from "./ledgerSnapshot.ts";
import { codeKey } from "./model/keyOf.ts";
import { redemptionTerms } from "./model/promotions.ts";

/**
 * Checks that each code is the acknowledged one, that a spender redeemed it once at most, all
 * together as often as it counts, and none after its closure was acknowledged.
 */
export function auditCodes(snapshot: LedgerSnapshot, journal: Journal): void {
  const rows = new Map(
    snapshot.codes.map((row) => [
      codeKey({ campaign: row.campaign, codeHash: row.code_hash }),
      row,
    ]),
  );
  const allowances = new Set(snapshot.allowances.map(({ id }) => id));
  for (const [key, reports] of journal.codes) {
    const row = rows.get(key);
    const [first] = reports;
    const isSame = new Set(reports.map(({ terms }) => fingerprintOfCode(terms))).size === 1;
    const firsts = reports.filter(({ repeated }) => !repeated);
    const mayBeLost = reports.some(({ lost }) => lost > 0);
    const isAddedOnce = firsts.length === 1 || (firsts.length === 0 && mayBeLost);
    if (row?.max_redemptions !== first?.terms.maxRedemptions || !isSame || !isAddedOnce) {
      throw new DisagreementError("a code differs from what was acknowledged", { row, reports });
    }
  }
  for (const [key, row] of rows) {
    const [code] = journal.codes.get(key) ?? [];
    if (code === undefined) throw new DisagreementError("an unknown code", { row });
    const redemptions = journal.redemptions.get(key) ?? [];
    assertRedemptions(row, redemptions, journal.closedBy.get(key));
    for (const redemption of redemptions) assertTerms(code, redemption, journal);
  }
  for (const redemption of [...journal.redemptions.values()].flat()) {
    const { answer } = redemption;
    if (
      "grant" in answer &&
      !(allowances.has(answer.grant.id) && rows.has(codeKey(redemption.request)))
    ) {
      throw new DisagreementError("an acknowledged redemption is lost", redemption);
    }
  }
}

function assertRedemptions(
  row: CodeRow,
  redemptions: readonly JournalledRedemption[],
  closedBy: Date | undefined,
): void {
  const granted = redemptions.filter(({ answer }) => "grant" in answer);
  const bySpender = Map.groupBy(granted, ({ request }) => request.spender);
  for (const [spender, answers] of bySpender) {
    const ids = new Set(answers.map(({ answer }) => ("grant" in answer ? answer.grant.id : "")));
    const firsts = answers.filter(isFirst);
    const mayBeLost = answers.some(({ lost }) => lost > 0);
    const isOnce = firsts.length === 1 || (firsts.length === 0 && mayBeLost);
    if (ids.size !== 1 || !isOnce) {
      throw new DisagreementError("a spender redeemed a code twice", { row, spender, answers });
    }
  }
  const count = BigInt(bySpender.size);
  if (row.redemptions !== count || count > row.max_redemptions) {
    throw new DisagreementError("a code counts other redemptions", { row, granted });
  }
  for (const redemption of redemptions) {
    const { answer, from } = redemption;
    if (isFirst(redemption) && closedBy !== undefined && from > closedBy) {
      throw new DisagreementError("a closed code was redeemed", { row, redemption, closedBy });
    }
    const refused = "refused" in answer ? answer.refused : null;
    const isWrong =
      (refused === "code_used_up" && count < row.max_redemptions) ||
      (refused === "code_closed" && row.closed_at === null);
    if (isWrong) throw new DisagreementError("an open code was refused", { row, redemption });
  }
}

function isFirst({ answer }: JournalledRedemption): boolean {
  return "grant" in answer && !answer.repeated;
}

function assertTerms(
  { terms, campaign }: JournalledCode,
  { request: { spender }, answer }: JournalledRedemption,
  journal: Journal,
): void {
  if ("refused" in answer) return;
  const { grant } = answer;
  const signed = journal.allowances.get(campaign);
  if (signed === undefined) throw new DisagreementError("a code without a campaign", { campaign });
  const request = redemptionTerms(terms, { campaign: signed, spender, at: grant.createdAt });
  const { startsAt, expiresAt } = request;
  const expected = {
    ...signed.message,
    spender,
    limit: terms.limit,
    period: terms.period,
    rollover: terms.rollover,
    priority: terms.priority ?? signed.message.priority,
    startsAt: startsAt ?? signed.message.startsAt,
    expiresAt: expiresAt ?? signed.message.expiresAt,
    scope: grant.message.scope,
    salt: grant.message.salt,
  };
  if (!isDeepStrictEqual(grant.message, expected)) {
    throw new DisagreementError("a redeemed grant is not the code's", { terms, grant, expected });
  }
}
