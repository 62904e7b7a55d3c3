import { queryOptions } from "@tanstack/react-query";
import type { Address } from "viem";

import { type ProvenRow, readProof } from "@compute-credits/client/accounts/readProof";
import type { SignedReceipt } from "@compute-credits/client/checkpoints/takeReceipt";
import { readReceipt } from "@compute-credits/client/checkpoints/readReceipt";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { readOpenHolds } from "@compute-credits/client/holds/readOpenHolds";
import { readDebits } from "@compute-credits/client/insight/readDebits";
import { readEarnings } from "@compute-credits/client/insight/readEarnings";
import { type Key, readKeys } from "@compute-credits/client/keys/readKeys";
import { readRateCards } from "@compute-credits/client/pricing/readRateCards";
import { readApproval } from "@compute-credits/client/providers/readApproval";
import type { ChargedEvent } from "../routes/provider/cardPreview.ts";
import { api } from "./api.ts";

const DAY_MS = 86_400_000;

/** What a provider charged since the day began in UTC, by meter. */
export const earnedTodayQuery = (provider: Address) =>
  queryOptions({
    queryKey: ["own", provider, "changing", "earnedToday"],
    queryFn: async ({ signal }) => {
      const from = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
      const to = new Date(from.getTime() + DAY_MS);
      return await readEarnings(api, { provider, from, to, groupBy: "meter" }, { signal });
    },
  });

/** The signers' last promise to a provider; `null` if it has asked for none. */
export const receiptQuery = (provider: Address) =>
  queryOptions({
    queryKey: ["own", provider, "changing", "receipt"],
    queryFn: async ({ signal }): Promise<SignedReceipt | null> =>
      await readReceipt(api, { provider }, { signal }).catch(orNull("receipt_not_found")),
  });

/** A provider's row in the checkpoint that is not final yet; `null` if none is, or it has none. */
export const pendingRowQuery = (provider: Address) =>
  queryOptions({
    queryKey: ["row", provider, "pending"],
    queryFn: async ({ signal }): Promise<ProvenRow | null> =>
      await readProof(api, { party: provider, of: "pending" }, { signal }).catch(
        orNull("row_not_found"),
      ),
  });

/** What a provider holds now, the next to end first. */
export const openHoldsQuery = (provider: Address) =>
  queryOptions({
    queryKey: ["own", provider, "changing", "holds"],
    queryFn: async ({ signal }) => await readOpenHolds(api, { provider, limit: 100 }, { signal }),
  });

/** The keys with which a provider's machines charge, open ones first. */
export const providerKeysQuery = (provider: Address) =>
  queryOptions({
    queryKey: ["own", provider, "providerKeys"],
    queryFn: async ({ signal }): Promise<readonly Key[]> =>
      await readKeys(api, { kind: "provider" }, { signal }),
  });

/** Whether an operator lets this provider charge. */
export const approvalQuery = (provider: Address) =>
  queryOptions({
    queryKey: ["approvals", provider],
    queryFn: async ({ signal }) => await readApproval(api, { provider }, { signal }),
  });

/** The newest card of a provider, and that of the operator, which counts without one. */
export const ownCardQuery = (provider: Address) =>
  queryOptions({
    queryKey: ["rateCards", provider],
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const [own, operators] = await Promise.all([
        readRateCards(api, { provider, limit: 1 }, { signal }),
        readRateCards(api, { provider: "operator", limit: 1 }, { signal }),
      ]);
      return own.rateCards[0] ?? operators.rateCards[0] ?? null;
    },
  });

/** Passes `null` on for one reason, and any other error as it is. */
function orNull(reason: string): (error: unknown) => null {
  return (error) => {
    if (error instanceof CreditsError && error.reason === reason) return null;
    throw error;
  };
}

const WEEK_MS = 7 * DAY_MS;
const MOST_PAGES = 5;
const PAGE = 1_000;

/** Events that were charged in the last seven days, newest first, and whether that is all. */
export interface WeekOfEvents {
  readonly events: readonly ChargedEvent[];
  readonly isAll: boolean;
}

/** What a provider charged in a week, at most its newest 5,000 debits. Given back is left out. */
export const weekQuery = (provider: Address) =>
  queryOptions({
    queryKey: ["own", provider, "week"],
    staleTime: 60_000,
    queryFn: async ({ signal }): Promise<WeekOfEvents> => {
      const from = new Date(Date.now() - WEEK_MS);
      const events = new Map<string, ChargedEvent>();
      let cursor: string | undefined;
      for (let pages = 0; pages < MOST_PAGES; pages++) {
        const page = { provider, from, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
        // oxlint-disable-next-line no-await-in-loop -- each after the one before
        const { debits, nextCursor } = await readDebits(api, page, { signal });
        for (const debit of debits) {
          if (debit.voidedAt !== null) continue;
          const known = events.get(debit.eventId);
          const amountMicros = debit.amountMicros + (known?.amountMicros ?? 0n);
          events.set(debit.eventId, { ...debit, amountMicros });
        }
        if (nextCursor === null) return { events: [...events.values()], isAll: true };
        cursor = nextCursor;
      }
      return { events: [...events.values()], isAll: false };
    },
  });
