import { useQuery } from "@tanstack/react-query";
import type { Address } from "viem";

import { Card } from "../../parts/Card.tsx";
import { Loaded } from "../../parts/States.tsx";
import { useLiveCheckpoints } from "../../queries/useLiveCheckpoints.ts";
import { Owned } from "../../wallet/Owned.tsx";
import { meQuery } from "../../wallet/useSession.ts";
import { Approvals } from "./Approvals.tsx";
import { Books } from "./Books.tsx";
import { Duties } from "./Duties.tsx";
import { Health } from "./Health.tsx";
import { LastActs } from "./LastActs.tsx";
import { LastCheckpoint } from "./LastCheckpoint.tsx";
import { WebhookFailures } from "./WebhookFailures.tsx";

/** `/operator`: whether the books balance, what is due, and what works. */
export function Operator() {
  return (
    <Owned title="Operator" tabs={null} to="an operator">
      {(account) => <IfOperator account={account} />}
    </Owned>
  );
}

function IfOperator({ account }: { readonly account: Address }) {
  return (
    <Loaded query={useQuery(meQuery)}>
      {({ roles }) =>
        roles.includes("operator") ? (
          <OfOperator />
        ) : (
          <p>
            This server does not name <code>{account}</code> in its setting <code>OPERATORS</code>.
          </p>
        )
      }
    </Loaded>
  );
}

function OfOperator() {
  useLiveCheckpoints();
  return (
    <>
      <Card title="Do the books balance?">
        <Books />
      </Card>
      <Card title="What is due">
        <Duties />
      </Card>
      <Card title="What works">
        <Health />
      </Card>
      <Card title="Last checkpoint">
        <LastCheckpoint />
      </Card>
      <Card title="Providers">
        <Approvals />
      </Card>
      <Card title="Promotions and subscriptions">
        <LastActs />
      </Card>
      <Card title="Your webhooks">
        <WebhookFailures />
      </Card>
    </>
  );
}
