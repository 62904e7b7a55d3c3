import { UsageError } from "@compute-credits/platform/process/commandLine";

/** The number of a block. Throws a `UsageError` for anything else. */
export function blockOption(option: string, text: string): bigint {
  if (/^[1-9]\d{0,17}$/.test(text)) return BigInt(text);
  throw new UsageError(`${option} is a block's number, from 1, not "${text}".`);
}
