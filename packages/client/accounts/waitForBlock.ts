import type { Address } from "viem";

import { CLIENT_REASONS } from "../errors/clientReasons.ts";
import { CreditsError } from "../errors/creditsError.ts";
import type { Api } from "../http/api.ts";
import { DEFAULT_RETRIES } from "../http/retries.ts";
import { type Balance, readBalance } from "./readBalance.ts";

/** Milliseconds between two questions. */
const PAUSE_MS = 500;

/**
 * Waits until the server has read the chain up to a block, such as that of a purchase, which counts
 * from then on. Asks for the balance twice a second, and returns it. For those who may read that.
 * Rejects with `timed_out` after `timeoutMs` (two minutes by default), and with the reason of
 * `signal` if that aborts.
 */
export async function waitForBlock(
  api: Api,
  {
    account,
    blockNumber,
    timeoutMs = 120_000,
    signal,
  }: {
    readonly account: Address;
    readonly blockNumber: bigint;
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal;
  },
): Promise<Balance> {
  const until = Date.now() + timeoutMs;
  const options = signal === undefined ? {} : { signal };
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one question after the other
    const balance = await readBalance(api, { account }, options);
    if (balance.asOfBlock >= blockNumber) return balance;
    if (Date.now() >= until) {
      const reason = "timed_out";
      throw new CreditsError(
        `the server has read up to block ${balance.asOfBlock}, not ${blockNumber}. ${CLIENT_REASONS[reason].meaning}`,
        { reason, next: "Wait longer, or ask the operator how far behind the server is." },
      );
    }
    // oxlint-disable-next-line no-await-in-loop
    await DEFAULT_RETRIES.wait(PAUSE_MS, signal);
  }
}
