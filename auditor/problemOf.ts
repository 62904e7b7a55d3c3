import type { Auditor } from "./auditor.ts";

/** Confirmations take minutes at most. After that the auditor's own endpoint is behind. */
const MOST_WAIT_MS = 600_000;

/** What keeps an auditor from signing although its rounds succeed; `null` for nothing. */
export function problemOf(
  auditor: Pick<Auditor, "refusedReceipts" | "waitsForChain">,
): string | null {
  const waits = auditor.waitsForChain();
  if (waits !== null && waits.milliseconds > MOST_WAIT_MS) {
    const minutes = Math.floor(waits.milliseconds / 60_000);
    return `has waited for ${minutes} minutes: ${waits.text}. Check RPC_URL, or lower CONFIRMATIONS`;
  }
  const [receipt] = auditor.refusedReceipts();
  return receipt === undefined ? null : `does not sign a receipt: ${receipt}`;
}
