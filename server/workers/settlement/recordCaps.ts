import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { ChainWriter } from "@compute-credits/platform/chain/chainWriter";
import type { DisputeStore, UnrecordedCap } from "../../stores/settlement/disputeStore.ts";
import type { SettlerEvents } from "./settlerEvents.ts";

export interface CapDeps {
  readonly chain: Pick<ChainReader, "counterState" | "allowanceSigning">;
  readonly writer: Pick<ChainWriter, "recordCap">;
  readonly disputes: Pick<DisputeStore, "capsToRecord" | "noteCapAttempt">;
  /** a recording is paid for if it makes so many credits spendable, in micro-credits */
  readonly recordWorthMicros: bigint;
  readonly events: Pick<SettlerEvents, "capRefused">;
}

/** Each takes about a block, and challenges and refunds wait for them. */
const CAPS_PER_STEP = 5;

/**
 * Records caps of contract wallets with the court, so that they can be spent. A wallet that does
 * not accept its signature any more, or whose recording fails, waits and holds up nobody.
 */
export async function recordCaps({
  chain,
  writer,
  disputes,
  recordWorthMicros,
  events,
}: CapDeps): Promise<void> {
  const caps = await disputes.capsToRecord({
    limit: CAPS_PER_STEP,
    worthMicros: recordWorthMicros,
  });
  for (const cap of caps) {
    // oxlint-disable-next-line no-await-in-loop -- one wallet sends its transactions one by one
    await disputes.noteCapAttempt(cap.id, (await record(cap)) ? "recorded" : "failed");
  }

  async function record(cap: UnrecordedCap): Promise<boolean> {
    const { account, counter, accountCap } = cap.message;
    const { recordedCap } = await chain.counterState(account, counter);
    // On chain, and not confirmed so far.
    if (recordedCap >= accountCap) return true;
    if ((await chain.allowanceSigning(cap)) !== "contract") {
      events.capRefused(cap, new Error("the wallet does not accept the signature"));
      return false;
    }
    try {
      await writer.recordCap(cap);
      return true;
    } catch (error) {
      events.capRefused(cap, error);
      return false;
    }
  }
}
