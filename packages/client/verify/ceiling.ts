import { type Hex, hashTypedData } from "viem";

import { allowanceTypedData } from "@compute-credits/protocol/messages/allowance";
import { formatCredits, min } from "@compute-credits/protocol/amounts";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { CheckpointOnChain } from "../chain/readCheckpoints.ts";
import type { ShownAllowance } from "../http/meteringClient.ts";
import type { ChainFacts, CounterOnChain } from "./chainFacts.ts";
import { REMEDY, type Report } from "./finding.ts";
import { WHOLE_ACCOUNT } from "../wallet/signedAllowance.ts";
import { reasonOf } from "./reasonOf.ts";
import type { OwnAnswers } from "./serverAnswers.ts";
import type { SignedCopies, SignedCopy } from "../wallet/copies.ts";

/** The cap that an account's owner signed under one counter. */
interface SignedCaps extends CounterOnChain {
  readonly counter: bigint;
  /** micro-credits: the highest `accountCap`, in a signed allowance or recorded in the court */
  readonly cap: bigint;
}

/** The most that an account may be charged in total by its signed caps, counted as in the court. */
export interface Ceiling {
  /** micro-credits, for a checkpoint submitted at that time */
  at(submittedAt: Date): bigint;
  /** micro-credits: the highest cap under any counter */
  readonly everMicros: bigint;
}

/**
 * Computes the ceiling from the server's list of allowances, each with its signature checked. An
 * allowance that the server hides only lowers the ceiling, and a challenge makes the server show
 * it. The owner's own copies count as if the server showed them. Revocations off chain do not count,
 * because earlier charges still need their cap. Source: the court's `Caps._capAt`. `null` if the
 * server shows no list and there are no copies.
 */
export async function signedCeiling(
  party: Hex,
  {
    chain,
    own,
    copies,
    report,
  }: {
    readonly chain: ChainFacts;
    readonly own: OwnAnswers | null;
    readonly copies: Pick<SignedCopies, "list"> | null;
    readonly report: Report;
  },
): Promise<Ceiling | null> {
  const kept = copies === null ? [] : keptAllowances(await copies.list(party), chain);
  const answered = await shownAllowances(party, own, report);
  if (answered === null && kept.length === 0) return null;
  const shown = answered ?? [];
  const known = new Set(shown.map((one) => digestOf(one, chain)));
  const hidden = kept.filter((one) => !known.has(digestOf(one, chain)));

  const signed: ShownAllowance[] = [];
  for (const one of [...shown, ...hidden]) {
    const { allowance, signature } = one;
    const digest = digestOf(one, chain);
    const isYours = lowercaseHex(allowance.account) === party;
    // oxlint-disable-next-line no-await-in-loop -- few, and endpoints limit request rates
    const isSigned = isYours && (await chain.isSigned({ message: allowance, signature }));
    if (isSigned) {
      signed.push(one);
      continue;
    }
    const cap = formatCredits(allowance.accountCap);
    report(
      false,
      `The server shows an allowance of up to ${cap} (${digest}) that ${isYours ? "you did not sign" : "is not of this account"}.`,
      REMEDY.allowance,
    );
  }

  const counters = new Set([
    ...signed.map(({ allowance }) => allowance.counter),
    chain.counter,
    ...(chain.counter > 0n ? [chain.counter - 1n] : []),
  ]);
  const caps = await Promise.all(
    [...counters].map(async (counter): Promise<SignedCaps> => {
      const onChain = await chain.counterOnChain(counter);
      const ofCounter = signed.filter(({ allowance }) => allowance.counter === counter);
      return {
        ...onChain,
        counter,
        cap: highest([onChain.recordedCap, ...ofCounter.map((one) => one.allowance.accountCap)]),
      };
    }),
  );

  const ended = signed.filter(({ allowance }) => allowance.counter !== chain.counter).length;
  const revoked = signed.filter(({ revokedAt }) => revokedAt !== null).length;
  const ofShown = signed.filter((one) => known.has(digestOf(one, chain))).length;
  const ofKept = signed.length - ofShown;
  const remarks = [
    ...(ofKept > 0 ? [`and ${ofKept} that it does not show, of which you kept copies`] : []),
    ...(ended > 0
      ? [`${ended} under a counter other than your current one, ${chain.counter}`]
      : []),
    ...(revoked > 0
      ? [`${revoked} revoked off chain only: revokeAll also revokes them on chain`]
      : []),
  ];
  report(
    true,
    `You signed ${ofShown} of the ${shown.length} allowances that the server shows${remarks.length > 0 ? ` (${remarks.join("; ")})` : ""}.`,
    "",
  );
  return {
    at: (submittedAt) => highest(caps.filter((one) => counts(one, chain, submittedAt)).map(capOf)),
    everMicros: highest(caps.map(capOf)),
  };
}

/** What the server shows, or `null` if it shows nothing, which is reported. */
async function shownAllowances(
  party: Hex,
  own: OwnAnswers | null,
  report: Report,
): Promise<readonly ShownAllowance[] | null> {
  if (own === null) {
    report(
      "not_checked",
      "The allowances that you signed were not checked: only the account's own credentials show them. A row that charges more than you signed for is found with --ceiling or --copies only.",
      REMEDY.noViewKey,
    );
    return null;
  }
  try {
    return await own.allowances(party);
  } catch (error) {
    const text = `The server shows nothing of your allowances: ${reasonOf(error)}.`;
    report(false, text, REMEDY.noAllowances);
    return null;
  }
}

/** The copies of allowances for this vault. */
function keptAllowances(
  copies: readonly SignedCopy[],
  { deployment }: ChainFacts,
): readonly ShownAllowance[] {
  return copies.flatMap((copy) =>
    copy.kind === "allowance" && isOf(copy.deployment, deployment)
      ? [{ allowance: copy.allowance, signature: copy.signature, revokedAt: null }]
      : [],
  );
}

function isOf(one: Deployment, other: Deployment): boolean {
  return (
    one.chainId === other.chainId && lowercaseHex(one.contract) === lowercaseHex(other.contract)
  );
}

function digestOf(
  { allowance }: Pick<ShownAllowance, "allowance">,
  { deployment }: ChainFacts,
): Hex {
  return hashTypedData(allowanceTypedData(deployment, allowance));
}

function counts({ counter, endedAt }: SignedCaps, chain: ChainFacts, submittedAt: Date): boolean {
  if (counter === chain.counter) return true;
  if (endedAt === null) return false;
  return submittedAt.getTime() <= endedAt.getTime() + chain.counterGraceSeconds * 1000;
}

const capOf = ({ cap }: SignedCaps) => cap;

function highest(amounts: readonly bigint[]): bigint {
  return amounts.reduce((max, amount) => (amount > max ? amount : max), 0n);
}

/**
 * Checks that a row charges at most the ceiling. Also checks settled rows, which cannot be
 * disputed.
 */
export function checkCharge(
  spent: bigint,
  { epoch, submittedAt }: CheckpointOnChain,
  { settled }: ChainFacts,
  {
    ceiling,
    ownerCeilingMicros,
  }: { ceiling: Ceiling | null; ownerCeilingMicros: bigint | undefined },
  report: Report,
): void {
  const isSettled = spent <= settled.spent;
  const signed = isSettled ? ceiling?.everMicros : ceiling?.at(submittedAt);
  const limits = [signed, ownerCeilingMicros].filter((one) => one !== undefined);
  const [first, ...others] = limits;
  if (first === undefined) return;
  const limit = others.reduce(min, first);
  const most = limit >= WHOLE_ACCOUNT ? "all that you bought" : `up to ${formatCredits(limit)}`;
  report(
    spent <= limit,
    `Epoch ${epoch} charges ${formatCredits(spent)} in all; you signed for ${most}.`,
    isSettled ? REMEDY.settledCeiling : REMEDY.ceiling,
  );
}
