import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { ChainSource } from "@compute-credits/platform/chain/chainSource";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";

/**
 * Yields the events of the blocks after `before` up to `to`, a range of blocks at a time, in chain
 * order. Throws a `UsageError` if the endpoints do not have all of these blocks confirmed.
 */
export async function* eventsOfRange(
  source: ChainSource,
  before: BlockPoint,
  to: bigint,
): AsyncGenerator<{ readonly upTo: bigint; readonly events: readonly ChainEvent[] }> {
  for (let at = before; at.number < to;) {
    // oxlint-disable-next-line no-await-in-loop -- each range begins where the last one ended
    const step = await source.after(at);
    if (step === "no_confirmed_block" || step === "no_new_block") {
      throw new UsageError(
        `The endpoints of RPC_URL have blocks up to ${at.number} only, the ledger has read ` +
          `${to}: try again later, or name another endpoint.`,
      );
    }
    at = step.upTo;
    const events = step.events.filter(({ blockNumber }) => blockNumber <= to);
    yield { upTo: at.number < to ? at.number : to, events };
  }
}
