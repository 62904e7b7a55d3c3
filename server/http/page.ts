import { z } from "zod";

/** The query parameter `limit` of a list in pages. */
export function limitField({
  most,
  fallback,
}: {
  readonly most: number;
  readonly fallback: number;
}) {
  return z.coerce.number().int().min(1).max(most).default(fallback);
}

/** The item after which the next page begins; `undefined` if the page is not full. */
export function lastOfFullPage<T>(page: readonly T[], limit: number): T | undefined {
  return page.length === limit ? page.at(-1) : undefined;
}
