import { CreditsError } from "../errors/creditsError.ts";

/** Where a page of a list begins, and how many rows it has at most. */
export interface PageOptions {
  /** `nextCursor` of the page before; the first page without */
  readonly cursor?: string;
  /** 100 by default, and at most 1,000 */
  readonly limit?: number;
}

/** No list of this API is longer, so one that goes on would never end. */
const MAX_PAGES = 1_000;

/**
 * Reads a list page by page until the last one: `for await (const page of pages((cursor) =>
 * readBudgets(api, { account, ...cursor })))`. Rejects with `unexpected_answer` after 1,000 pages.
 */
export async function* pages<Page extends { readonly nextCursor: string | null }>(
  read: (page: PageOptions) => Promise<Page>,
): AsyncGenerator<Page> {
  let from: PageOptions = {};
  for (let count = 0; count < MAX_PAGES; count++) {
    // oxlint-disable-next-line no-await-in-loop -- each page names the next
    const page = await read(from);
    yield page;
    if (page.nextCursor === null) return;
    from = { cursor: page.nextCursor };
  }
  throw new CreditsError(`the list goes on after ${MAX_PAGES} pages`, {
    reason: "unexpected_answer",
  });
}
