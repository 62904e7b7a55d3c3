import type { Address, Hex } from "viem";

import { rowLeaf } from "@compute-credits/protocol/tree/row";
import { processProof } from "@compute-credits/protocol/tree/tree";
import { ApiProblem } from "../http/api.ts";
import type { ProvenRow } from "../http/meteringClient.ts";
import type { ChainFacts } from "./chainFacts.ts";
import { REMEDY, type Report } from "./finding.ts";
import { reasonOf } from "./reasonOf.ts";
import type { ServerAnswers } from "./serverAnswers.ts";

/** How far an honest server may be behind the chain: longer than any chain takes to finality. */
const MAX_LAG_MS = 3_600_000;

interface ProofCheck {
  readonly chain: ChainFacts;
  readonly server: ServerAnswers;
  readonly report: Report;
}

/**
 * Checks the server's proof of a row against the checkpoint of its own epoch: a server waits for
 * confirmations, so its newest final checkpoint may be an older one than the chain's. Call it if
 * the final checkpoint has a row of the account.
 */
export async function checkProof(
  party: Address,
  { chain, server, report }: ProofCheck,
): Promise<void> {
  let proven: ProvenRow;
  try {
    proven = await server.proof(party);
  } catch (error) {
    const isNewcomer = error instanceof ApiProblem && error.reason === "row_not_found";
    if (isNewcomer && isRecent(chain.final?.finalAt, chain)) {
      const text = `The server has no proof of your row yet: epoch ${chain.final?.epoch} became final a short time ago.`;
      report("not_yet", text, REMEDY.later);
    } else {
      report(false, `The server returned no proof of your row: ${reasonOf(error)}.`, REMEDY.proof);
    }
    return;
  }
  const { epoch } = proven;
  const root = await rootOf(epoch, chain);
  if (root === null) {
    const text = `The server's proof is of epoch ${epoch}, which the endpoint does not know at block ${chain.blockNumber}.`;
    report("not_yet", text, REMEDY.endpoint);
    return;
  }
  const leads =
    proven.row.party === party && processProof(rowLeaf(proven.row), proven.proof) === root;
  if (!leads || epoch >= (chain.final?.epoch ?? 0n)) {
    report(
      leads,
      `The server's proof ${leads ? "leads" : "does not lead"} from your row to the root on chain of epoch ${epoch}.`,
      REMEDY.proof,
    );
    return;
  }
  const finalSince = await finalSinceOf(epoch + 1n, chain);
  const isNotYet = isRecent(finalSince, chain);
  const since =
    finalSince === undefined
      ? ""
      : `, though epoch ${epoch + 1n} is final since ${finalSince.toISOString()}`;
  report(
    isNotYet ? "not_yet" : false,
    `The server's proof leads to the root on chain of epoch ${epoch}${since}.`,
    isNotYet ? REMEDY.later : REMEDY.stuck,
  );
}

/** The root on chain of an epoch; `null` if none was submitted. */
async function rootOf(epoch: bigint, chain: ChainFacts): Promise<Hex | null> {
  const stored = [chain.final, chain.pending].find((one) => one?.epoch === epoch);
  return (stored ?? (await chain.submissionOf(epoch)))?.root ?? null;
}

/** Since when an epoch has certainly been final: at the latest since the next one's submission. */
async function finalSinceOf(epoch: bigint, chain: ChainFacts): Promise<Date | undefined> {
  if (epoch === chain.final?.epoch) return chain.final.finalAt;
  return (await chain.submissionOf(epoch + 1n))?.submittedAt;
}

/** Whether an honest server may not know yet what was final at that time, or once answered. */
function isRecent(time: Date | undefined, { blockTime, answerWindowSeconds }: ChainFacts): boolean {
  const lagMs = MAX_LAG_MS + answerWindowSeconds * 1_000;
  return time !== undefined && blockTime.getTime() - time.getTime() <= lagMs;
}
