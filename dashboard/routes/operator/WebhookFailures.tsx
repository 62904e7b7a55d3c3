import { useQuery } from "@tanstack/react-query";

import { WideTable } from "../../parts/Card.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Loaded } from "../../parts/States.tsx";
import { operatorWebhooksQuery } from "../../queries/operator.ts";

/** The operator's endpoints, and since when one fails. */
export function WebhookFailures() {
  return (
    <Loaded query={useQuery(operatorWebhooksQuery)}>
      {(webhooks) =>
        webhooks === null || webhooks.length === 0 ? (
          <p>
            {webhooks === null
              ? "This server sends none."
              : "There is none. One tells you of failed checkpoints and deadlines: "}
            {webhooks !== null && <code>npm run credits -- webhooks create --help</code>}
          </p>
        ) : (
          <WideTable label="Endpoints that get events">
            <thead>
              <tr>
                <th>Address</th>
                <th>Events</th>
                <th>State</th>
              </tr>
            </thead>
            <tbody>
              {webhooks.map(({ id, url, events, failingSince, disabledAt, disabledAs }) => (
                <tr key={id}>
                  <td>{url}</td>
                  <td>{events.join(", ")}</td>
                  <td>
                    {disabledAt !== null ? (
                      <>
                        ended as {disabledAs ?? "unknown"}, <Moment at={disabledAt} />
                      </>
                    ) : failingSince !== null ? (
                      <>
                        fails since <Moment at={failingSince} />
                      </>
                    ) : (
                      "works"
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </WideTable>
        )
      }
    </Loaded>
  );
}
