import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";
import type { Address } from "viem";

import { Card, WideTable } from "../parts/Card.tsx";
import { Credits } from "../parts/Credits.tsx";
import { Hash } from "../parts/Hash.tsx";
import { Moment } from "../parts/Moment.tsx";
import { Loaded } from "../parts/States.tsx";
import { debitsQuery } from "../queries/usage.ts";
import { Why } from "./Why.tsx";

const route = getRouteApi("/usage");

/** The events behind the sums, newest first, and why one of them cost what it cost. */
export function Events({ account }: { readonly account: Address }) {
  const { meter, spender, day, provider, event } = route.useSearch();
  const query = useInfiniteQuery(debitsQuery(account, { meter, spender, day }));
  const filters = [meter, day, spender].filter((each) => each !== undefined);
  return (
    <Card title="Events">
      <p id="events">
        {filters.length === 0 ? (
          "All events, newest first."
        ) : (
          <>
            Only{" "}
            {filters
              .map((each) => (each.startsWith("0x") ? `key ${each.slice(0, 10)}…` : each))
              .join(", ")}
            .{" "}
            <Link to="/usage" search={({ by, days }) => ({ by, days })} resetScroll={false}>
              All events
            </Link>
          </>
        )}
      </p>
      <Loaded query={query}>
        {({ pages }) => {
          const debits = pages.flatMap((page) => page.debits);
          if (debits.length === 0) return <p>There is none.</p>;
          return (
            <WideTable label="Events that the account was charged for">
              <thead>
                <tr>
                  <th>When</th>
                  <th>Work</th>
                  <th>Provider</th>
                  <th className="number">Credits</th>
                  <th>Why?</th>
                </tr>
              </thead>
              <tbody>
                {debits.map((debit) => (
                  <tr key={`${debit.provider} ${debit.eventId} ${debit.part}`}>
                    <td>
                      <Moment at={debit.recordedAt} />
                    </td>
                    <td>
                      {debit.quantity.toLocaleString()} {debit.meter}
                    </td>
                    <td>
                      <Hash hex={debit.provider} />
                    </td>
                    <td className="number">
                      <Credits micros={debit.amountMicros} />
                      {debit.voidedAt !== null && " (given back)"}
                    </td>
                    <td>
                      <Link
                        to="/usage"
                        search={(old) => ({
                          ...old,
                          provider: debit.provider,
                          event: debit.eventId,
                        })}
                        resetScroll={false}
                        aria-label={`Why this amount: ${debit.eventId}`}
                      >
                        Why this amount
                      </Link>
                    </td>
                  </tr>
                ))}
              </tbody>
            </WideTable>
          );
        }}
      </Loaded>
      {query.hasNextPage && (
        <button
          type="button"
          className="plain"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Earlier events
        </button>
      )}
      {provider !== undefined && event !== undefined && (
        <Why account={account} provider={provider} event={event} />
      )}
    </Card>
  );
}
