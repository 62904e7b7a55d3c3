import type { Address } from "viem";

import { Card } from "../parts/Card.tsx";
import { Owned } from "../wallet/Owned.tsx";
import { Sessions } from "./Sessions.tsx";
import { ViewKeys } from "./ViewKeys.tsx";

/** `/access`: where the wallet is signed in, and which keys read or act for it. */
export function Access() {
  return <Owned title="Access">{(account) => <OfAccount account={account} />}</Owned>;
}

function OfAccount({ account }: { readonly account: Address }) {
  return (
    <>
      <Card title="Who may do what">
        <p>
          The wallet&apos;s signature and its sessions do everything here. A view key reads, and
          changes nothing. An issuing key hands out a campaign&apos;s credits. Keys that spend are
          on their own page, each with its limit.
        </p>
      </Card>
      <Card title="Sessions">
        <Sessions account={account} />
      </Card>
      <Card title="View keys, and other keys of the wallet">
        <ViewKeys account={account} />
      </Card>
    </>
  );
}
