import { jsonText } from "@compute-credits/protocol/jsonText";
import { ANSWERS } from "@compute-credits/api/bounds";

/** The part of a page that fits into an answer, and the item after which the next one begins. */
export interface BoundedPage<Item, Shown> {
  readonly shown: readonly Shown[];
  /** `undefined` if there is no next page */
  readonly last: Item | undefined;
}

/**
 * Describes a page's items until they fill an answer. A page may so have fewer items than asked
 * for, but at least one.
 */
export function boundedPage<Item, Shown>(
  page: readonly Item[],
  limit: number,
  describe: (item: Item) => Shown,
): BoundedPage<Item, Shown> {
  const shown: Shown[] = [];
  let bytes = 0;
  for (const item of page) {
    const described = describe(item);
    bytes += Buffer.byteLength(jsonText(described));
    if (shown.length > 0 && bytes > ANSWERS.listBytes.most) {
      return { shown, last: page[shown.length - 1] };
    }
    shown.push(described);
  }
  return { shown, last: lastOfFullPage(page, limit) };
}

/** The item after which the next page begins; `undefined` if the page is not full. */
export function lastOfFullPage<T>(page: readonly T[], limit: number): T | undefined {
  return page.length === limit ? page.at(-1) : undefined;
}
