import { extendHold as route } from "@compute-credits/api/holds/holds";
import type { Api, CallOptions } from "../http/api.ts";
import type { Sent } from "../http/sent.ts";
import type { Hold } from "./hold.ts";

/** What is added to a hold: `id` is the extension's own, so that it is made once. */
export type Extension = { readonly holdId: string } & Sent<typeof route>["body"];

/**
 * Adds time, units at the rates of now, or both: all of it, or nothing. Needs the provider's key.
 * `ttlSeconds` counts from now; the end never moves back. Refused once an account that holds credits
 * for it wants a refund. The same extension again changes nothing.
 */
export async function extendHold(
  api: Api,
  { holdId, ...body }: Extension,
  options?: CallOptions,
): Promise<Hold> {
  return await api.call(route, { params: { id: holdId }, body }, options);
}
