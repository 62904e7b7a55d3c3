import { min } from "@compute-credits/protocol/amounts";
import { type Account, available, fundWaitingRefund } from "./account.ts";

/**
 * Takes spending off an account that its owner can no longer be charged for. What comes free serves
 * an open refund request first. Another account takes the same amount over, so sums stay the same.
 */
export function writeOff(account: Account, amountMicros: bigint): Account {
  return fundWaitingRefund({ ...account, spent: account.spent - amountMicros }, amountMicros);
}

/** Charges an account for what was written off another one. */
export function takeOver(account: Account, amountMicros: bigint): Account {
  return { ...account, spent: account.spent + amountMicros };
}

/** The most that an account can take over, if the court accepts its spending up to `capMicros`. */
export function takeOverRoom(account: Account, capMicros: bigint): bigint {
  const room = min(available(account), capMicros - account.spent - account.held);
  return room > 0n ? room : 0n;
}
