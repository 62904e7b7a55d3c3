import { UsageError } from "@compute-credits/platform/process/commandLine";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import type { Context } from "./context.ts";
import { writeSecretFile } from "./secretFile.ts";

export interface NewKey {
  readonly option: string;
  readonly path: string;
  /** with the prefix of its kind */
  readonly key: string;
}

/**
 * Writes a new key to its file before anything is signed for it, so that no key that counts is lost.
 * If the work is refused for sure, the file goes away again; if its outcome is unknown, it stays.
 */
export async function withNewKey<T>(
  { guard }: Context,
  { option, path, key }: NewKey,
  work: (key: string) => Promise<T>,
): Promise<T> {
  const remove = await writeSecretFile(option, path, key);
  try {
    return await work(guard(key));
  } catch (error) {
    if (isRefusal(error)) await remove();
    throw error;
  }
}

/** Whether nothing can have been registered. */
function isRefusal(error: unknown): boolean {
  if (error instanceof UsageError) return true;
  if (!(error instanceof CreditsError)) return false;
  return error.status === null
    ? !["server_unreachable", "timed_out", "unexpected_answer"].includes(error.reason)
    : error.status >= 400 && error.status < 500;
}
