import { formatCredits } from "@compute-credits/protocol/amounts";
import { wallets } from "../../scripts/local/wallets.ts";
import type { Parties } from "../parties.ts";
import { bar } from "./bar.ts";
import { heldMicros } from "./heldMicros.ts";
import { HELD_SECONDS, type JobEnd, type Progress, runJob } from "./runJob.ts";

export interface BatchDeps {
  /** the metering server's address */
  readonly server: string;
  readonly parties: Parties;
  readonly say: (line: string) => void;
  /** whether a line can be written over */
  readonly isTerminal: boolean;
}

export interface BatchEnd extends JobEnd {
  readonly costMicros: bigint;
}

/** What is set aside before a job begins. */
export async function firstHoldMicros(server: string): Promise<bigint> {
  const provider = wallets.provider.account.address;
  return await heldMicros({ server, provider }, HELD_SECONDS);
}

/** Runs a job whose key may spend its budget and no more, and shows how far it is. */
export async function playBatch(
  { server, parties, say, isTerminal }: BatchDeps,
  { budgetMicros, count }: { readonly budgetMicros: bigint; readonly count: number },
): Promise<BatchEnd> {
  const apiKey = await parties.newKey(budgetMicros);
  const held = await firstHoldMicros(server);
  say(
    `${count} parts within ${formatCredits(budgetMicros)} credits; each hold keeps ` +
      `${formatCredits(held)}, the most that ${HELD_SECONDS} s of it can cost`,
  );
  const show = isTerminal ? writeOver : quarters(say);
  const end = await runJob({ server, parties, onProgress: show }, { apiKey, count });
  if (isTerminal) process.stdout.write("\n");
  const costMicros = await parties.used(apiKey);
  const { isDone, done, charged, why } = end;
  say(`charged ${formatCredits(costMicros)} credits: ${charged}`);
  say(isDone ? "all parts are done" : `ended after ${done} of ${count} parts: ${why ?? "stopped"}`);
  return { ...end, costMicros };
}

function writeOver(progress: Progress): void {
  process.stdout.write(`\r${bar(progress)}`);
}

/** A line for each quarter, where lines stay. */
function quarters(say: (line: string) => void): (progress: Progress) => void {
  let shown = 0;
  return (progress) => {
    const quarter = Math.floor((4 * progress.done) / progress.of);
    if (quarter === shown) return;
    shown = quarter;
    say(bar(progress));
  };
}
