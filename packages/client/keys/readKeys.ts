import { listKeys } from "@compute-credits/api/keys/keys";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** A key's hash, label, last use and end; never its text. */
export type Key = AnswerBody<typeof listKeys>["keys"][number];

/**
 * Reads the wallet's keys: open ones first, then the newest, at most 1,000. Needs a session.
 * `kind: "view"` keeps the view keys only.
 */
export async function readKeys(
  api: Api,
  { kind }: { readonly kind?: Key["kind"] } = {},
  options?: CallOptions,
): Promise<readonly Key[]> {
  const { keys } = await api.call(listKeys, {}, options);
  return kind === undefined ? keys : keys.filter((key) => key.kind === kind);
}
