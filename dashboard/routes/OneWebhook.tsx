import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Address } from "viem";

import { deleteWebhook } from "@compute-credits/client/webhooks/deleteWebhook";
import type { Webhook } from "@compute-credits/client/webhooks/readWebhooks";
import { replayWebhook } from "@compute-credits/client/webhooks/replayWebhook";
import { testWebhook } from "@compute-credits/client/webhooks/testWebhook";
import { updateWebhook } from "@compute-credits/client/webhooks/updateWebhook";
import { WideTable } from "../parts/Card.tsx";
import form from "../parts/Form.module.css";
import { Moment } from "../parts/Moment.tsx";
import { Failure, Loaded } from "../parts/States.tsx";
import { api } from "../queries/api.ts";
import { deliveriesQuery, webhooksQuery } from "../queries/webhooks.ts";

const AGAIN_MS = 2_000;

/** An endpoint: a test, a pause, its end, and what was sent to it. */
export function OneWebhook({
  account,
  webhook: { id, disabledAt },
}: {
  readonly account: Address;
  readonly webhook: Webhook;
}) {
  const queries = useQueryClient();
  const acting = useMutation({
    mutationFn: async (act: () => Promise<unknown>) => await act(),
    onSettled: () => queries.invalidateQueries({ queryKey: webhooksQuery(account).queryKey }),
  });
  const isOff = disabledAt !== null;
  return (
    <>
      <div className={form["row"]}>
        <button
          type="button"
          disabled={acting.isPending || isOff}
          onClick={() => acting.mutate(() => testWebhook(api, { id }))}
        >
          Send a test
        </button>
        <button
          type="button"
          className="plain"
          disabled={acting.isPending}
          onClick={() => acting.mutate(() => updateWebhook(api, { id, enabled: isOff }))}
        >
          {isOff ? "Go on" : "Pause"}
        </button>
        <button
          type="button"
          className="plain"
          disabled={acting.isPending}
          onClick={() => acting.mutate(() => deleteWebhook(api, { id }))}
        >
          Delete
        </button>
      </div>
      {acting.error !== null && <Failure error={acting.error} />}
      <Deliveries
        account={account}
        id={id}
        onReplay={
          isOff || acting.isPending
            ? null
            : (eventId) => acting.mutate(() => replayWebhook(api, { id, eventId }))
        }
      />
    </>
  );
}

function Deliveries({
  account,
  id,
  onReplay,
}: {
  readonly account: Address;
  readonly id: string;
  readonly onReplay: ((eventId: string) => void) | null;
}) {
  const query = useInfiniteQuery({
    ...deliveriesQuery(account, id),
    // A delivery goes on by itself: no event of the account tells of it.
    refetchInterval: AGAIN_MS,
  });
  return (
    <>
      <Loaded query={query}>
        {({ pages }) => {
          const deliveries = pages.flatMap((page) => page.deliveries);
          if (deliveries.length === 0) return <p>Nothing was sent yet.</p>;
          return (
            <WideTable label="Deliveries, newest first">
              <thead>
                <tr>
                  <th>Event</th>
                  <th>When</th>
                  <th>State</th>
                  <th className="number">Attempts</th>
                  <th>Last answer</th>
                  <th>Send again</th>
                </tr>
              </thead>
              <tbody>
                {deliveries.map((each) => (
                  <tr key={each.id}>
                    <td>
                      <code>{each.type}</code>
                    </td>
                    <td>
                      <Moment at={each.occurredAt} />
                    </td>
                    <td>{each.state}</td>
                    <td className="number">{each.attempts}</td>
                    <td>{each.lastStatus ?? each.lastError ?? "–"}</td>
                    <td>
                      <button
                        type="button"
                        className="plain"
                        disabled={onReplay === null}
                        aria-label={`Send ${each.type} again`}
                        onClick={() => onReplay?.(each.eventId)}
                      >
                        Again
                      </button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </WideTable>
          );
        }}
      </Loaded>
      {query.hasNextPage && (
        <button type="button" className="plain" onClick={() => void query.fetchNextPage()}>
          Earlier deliveries
        </button>
      )}
    </>
  );
}
