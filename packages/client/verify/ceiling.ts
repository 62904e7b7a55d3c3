import { type Hex, hashTypedData } from "viem";

import { allowanceTypedData } from "@compute-credits/protocol/messages/allowance";
import { formatCredits } from "@compute-credits/protocol/amounts";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { CheckpointOnChain } from "../chain/readCheckpoints.ts";
import type { ShownAllowance } from "../http/meteringClient.ts";
import type { ChainFacts, CounterOnChain } from "./chainFacts.ts";
import { REMEDY, type Report } from "./finding.ts";
import type { ServerAnswers } from "./serverAnswers.ts";

/** What an account's owner signed for, by counter. */
interface SignedCaps extends CounterOnChain {
  readonly counter: bigint;
  /** micro-credits: the highest `accountCap`, signed or recorded */
  readonly cap: bigint;
}

/** The most that an account may have been charged in all: by what its owner signed, as the court counts it. */
export interface Ceiling {
  /** for a checkpoint that was submitted then */
  at(submittedAt: Date): bigint;
  /** under whatever counter */
  readonly everMicros: bigint;
}

/**
 * Finds out what the owner signed for. The allowances are the server's to show, and each signature is checked here: one that
 * is forged, or changed, counts for nothing. One that the server keeps to itself can only make the ceiling lower: then the
 * server is at fault, and the challenge makes it show the allowance. `null` where none can be had.
 *
 * The rule is the court's (`Caps._capAt`): the highest cap of the account's counter, and of one that ended up to
 * `counterGraceSeconds` before the checkpoint was submitted. An allowance that was revoked off chain counts as before: that
 * it was revoked is the server's word, and what it paid for until then it still has to cover.
 */
export async function signedCeiling(
  party: Hex,
  { chain, server, report }: { chain: ChainFacts; server: ServerAnswers; report: Report },
): Promise<Ceiling | null> {
  let shown: readonly ShownAllowance[];
  try {
    shown = await server.allowances(party);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    report(false, `The server tells nothing of your allowances: ${why}.`, REMEDY.noAllowances);
    return null;
  }

  const signed: ShownAllowance[] = [];
  for (const one of shown) {
    const { allowance, signature } = one;
    const digest = hashTypedData(allowanceTypedData(chain.deployment, allowance));
    const isYours = lowercaseHex(allowance.account) === party;
    // oxlint-disable-next-line no-await-in-loop -- few, and endpoints limit how many are asked at once
    const isSigned = isYours && (await chain.isSigned(digest, signature));
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
  const but = [
    ...(ended > 0 ? [`${ended} of another counter than yours, ${chain.counter}`] : []),
    ...(revoked > 0
      ? [`${revoked} revoked, which the chain doesn't know: revokeAll ends them there too`]
      : []),
  ];
  report(
    true,
    `You signed ${signed.length} of the ${shown.length} allowances that the server shows${but.length > 0 ? ` (${but.join("; ")})` : ""}.`,
    "",
  );
  return {
    at: (submittedAt) => highest(caps.filter((one) => counts(one, chain, submittedAt)).map(capOf)),
    everMicros: highest(caps.map(capOf)),
  };
}

function counts({ counter, endedAt }: SignedCaps, chain: ChainFacts, submittedAt: Date): boolean {
  if (counter === chain.counter) return true;
  if (endedAt === null) return false;
  return submittedAt.getTime() <= endedAt.getTime() + chain.counterGraceSeconds * 1000;
}

const capOf = ({ cap }: SignedCaps) => cap;

function highest(amounts: readonly bigint[]): bigint {
  return amounts.reduce((most, amount) => (amount > most ? amount : most), 0n);
}

/** Whether a row charges no more than was signed for; what is settled needs no answer, and is checked all the same. */
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
  const limit = others.reduce((least, one) => (one < least ? one : least), first);
  report(
    spent <= limit,
    `Epoch ${epoch} charges ${formatCredits(spent)} in all; you signed for up to ${formatCredits(limit)}.`,
    isSettled ? REMEDY.settledCeiling : REMEDY.ceiling,
  );
}
