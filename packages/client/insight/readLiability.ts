import { getLiability } from "@compute-credits/api/insight/liability";
import type { AnswerBody } from "@compute-credits/api/route";
import { usable } from "../errors/usable.ts";
import type { Api, CallOptions } from "../http/api.ts";

/** What was owed at a moment, in micro-credits and the token's units. */
export type Liability = AnswerBody<typeof getLiability>;

/**
 * Reads what was owed at a past moment: what was recorded before `asOf` counts. For the end of a
 * day give the midnight after it. For operators and auditors.
 */
export async function readLiability(
  api: Api,
  {
    asOf,
  }: {
    /** now, if absent */
    readonly asOf?: Date;
  } = {},
  options?: CallOptions,
): Promise<Liability> {
  const query = asOf === undefined ? {} : { asOf: usable(() => asOf.toISOString()) };
  return await api.call(getLiability, { query }, options);
}
