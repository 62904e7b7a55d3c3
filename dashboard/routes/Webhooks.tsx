import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Address } from "viem";

import type { Webhook } from "@compute-credits/client/webhooks/readWebhooks";
import { Card, WideTable } from "../parts/Card.tsx";
import { Moment } from "../parts/Moment.tsx";
import { Loaded } from "../parts/States.tsx";
import { webhooksQuery } from "../queries/webhooks.ts";
import { Owned } from "../wallet/Owned.tsx";
import { NewWebhook } from "./NewWebhook.tsx";
import { OneWebhook } from "./OneWebhook.tsx";

/** `/webhooks`: where events of the account are posted, and what became of each. */
export function Webhooks() {
  return (
    <Owned title="Webhooks">
      {(account) => (
        <>
          <Card title="New endpoint">
            <NewWebhook account={account} />
          </Card>
          <List account={account} />
        </>
      )}
    </Owned>
  );
}

function List({ account }: { readonly account: Address }) {
  const [chosen, setChosen] = useState<string | null>(null);
  return (
    <Loaded query={useQuery(webhooksQuery(account))}>
      {(webhooks) => {
        const shown = webhooks.find(({ id }) => id === chosen);
        return (
          <>
            <Card title="Endpoints">
              {webhooks.length === 0 ? (
                <p>There is none yet.</p>
              ) : (
                <Table webhooks={webhooks} onChoose={setChosen} />
              )}
            </Card>
            {shown !== undefined && (
              <Card title={`Deliveries to ${hostOf(shown.url)}`}>
                <OneWebhook key={shown.id} account={account} webhook={shown} />
              </Card>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function Table({
  webhooks,
  onChoose,
}: {
  readonly webhooks: readonly Webhook[];
  readonly onChoose: (id: string) => void;
}) {
  return (
    <WideTable label="Endpoints of the account">
      <thead>
        <tr>
          <th>URL</th>
          <th>Events</th>
          <th>State</th>
          <th>Deliveries</th>
        </tr>
      </thead>
      <tbody>
        {webhooks.map((webhook) => (
          <tr key={webhook.id}>
            <td>
              <code>{webhook.url}</code>
              {webhook.description !== "" && <div>{webhook.description}</div>}
            </td>
            <td>{webhook.events.join(", ")}</td>
            <td>
              <State of={webhook} />
            </td>
            <td>
              <button
                type="button"
                className="plain"
                aria-label={`Open ${webhook.url}`}
                onClick={() => onChoose(webhook.id)}
              >
                Open
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </WideTable>
  );
}

function State({ of: { disabledAt, disabledAs, failingSince } }: { readonly of: Webhook }) {
  if (disabledAt !== null) {
    const why = {
      gone: "it answered 410",
      failing: "it failed for days",
      owner: "you paused it",
    }[disabledAs ?? "owner"];
    return (
      <>
        off since <Moment at={disabledAt} />: {why}
      </>
    );
  }
  if (failingSince === null) return <>on</>;
  return (
    <>
      fails since <Moment at={failingSince} />
    </>
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
