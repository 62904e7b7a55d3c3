import { useQuery } from "@tanstack/react-query";
import type { Address } from "viem";

import { useChainAccess } from "../chain/ChainAccess.tsx";
import { refundStage } from "../chain/refundStage.ts";
import { Card } from "../parts/Card.tsx";
import { useServer } from "../parts/ServerContext.tsx";
import { Loaded } from "../parts/States.tsx";
import { balanceQuery } from "../queries/account.ts";
import { refundQuery } from "../queries/refund.ts";
import { rowQuery } from "../queries/row.ts";
import { useLiveCheckpoints } from "../queries/useLiveCheckpoints.ts";
import { Owned } from "../wallet/Owned.tsx";
import { AskForRefund } from "./AskForRefund.tsx";
import { OpenRefund } from "./OpenRefund.tsx";

/** `/refund`: unspent credits back, each stage of it, and the way out if the operator is late. */
export function Refund() {
  return <Owned title="Refund">{(account) => <OfAccount account={account} />}</Owned>;
}

function OfAccount({ account }: { readonly account: Address }) {
  useLiveCheckpoints();
  const access = useChainAccess();
  const server = useServer();
  const balance = useQuery(balanceQuery(account));
  const refund = useQuery(refundQuery(server, access, account));
  // Before the first final checkpoint nobody has a row.
  const hasRows = refund.data !== undefined && refund.data.finalEpoch > 0n;
  const { data: proven = null } = useQuery({ ...rowQuery(account), enabled: hasRows });
  if (access === null) {
    return (
      <p role="alert">
        This browser cannot reach the chain. Connect the wallet of this account, on chain{" "}
        {server.deployment.chainId}.
      </p>
    );
  }
  return (
    <Loaded query={refund}>
      {(onChain) => (
        <Loaded query={balance}>
          {(owned) => {
            const stage = refundStage({
              onChain,
              balance: owned,
              finalRefundedMicros: proven?.row.refunded ?? 0n,
              disputeWindowSeconds: server.terms.disputeWindowSeconds,
            });
            return (
              <>
                {stage.at !== "none" && (
                  <OpenRefund account={account} stage={stage} onChain={onChain} proven={proven} />
                )}
                {stage.at !== "frozen" && (
                  <Card title="Ask for a refund">
                    <AskForRefund
                      account={account}
                      availableMicros={owned.availableMicros}
                      isOpen={stage.at !== "none"}
                    />
                  </Card>
                )}
              </>
            );
          }}
        </Loaded>
      )}
    </Loaded>
  );
}
