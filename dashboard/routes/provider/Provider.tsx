import { useQuery } from "@tanstack/react-query";
import type { Address } from "viem";

import { Card } from "../../parts/Card.tsx";
import { Loaded } from "../../parts/States.tsx";
import { approvalQuery } from "../../queries/provider.ts";
import { useLiveCheckpoints } from "../../queries/useLiveCheckpoints.ts";
import { useLiveProvider } from "../../queries/useLiveProvider.ts";
import { Owned } from "../../wallet/Owned.tsx";
import { CardPreview } from "./CardPreview.tsx";
import { Earned } from "./Earned.tsx";
import { LiveHolds } from "./LiveHolds.tsx";
import { MarketProfile } from "./MarketProfile.tsx";
import { ProviderKeys } from "./ProviderKeys.tsx";
import { Snippets } from "./Snippets.tsx";

/** `/provider`: what was earned, until it is claimed, and how to charge. */
export function Provider() {
  return (
    <Owned title="Provider" tabs={null} to="a provider">
      {(account) => <OfProvider provider={account} />}
    </Owned>
  );
}

function OfProvider({ provider }: { readonly provider: Address }) {
  useLiveProvider(provider);
  useLiveCheckpoints();
  return (
    <>
      <Approval provider={provider} />
      <Earned provider={provider} />
      <Card title="What you hold now">
        <LiveHolds provider={provider} />
      </Card>
      <Card title="Keys of your machines">
        <ProviderKeys provider={provider} />
      </Card>
      <Card title="Your prices, and what a change would have made of last week">
        <CardPreview provider={provider} />
      </Card>
      <Card title="What the market says of you">
        <MarketProfile provider={provider} />
      </Card>
      <Card title="Charge with it">
        <Snippets provider={provider} />
      </Card>
    </>
  );
}

/** Says what to do before this address may charge; nothing once it may. */
function Approval({ provider }: { readonly provider: Address }) {
  return (
    <Loaded query={useQuery(approvalQuery(provider))}>
      {({ approved }) =>
        approved ? null : (
          <Card title="You cannot charge yet">
            <p>
              The operator of this server approves its providers. Send the operator this address:{" "}
              <code>{provider}</code>
            </p>
          </Card>
        )
      }
    </Loaded>
  );
}
