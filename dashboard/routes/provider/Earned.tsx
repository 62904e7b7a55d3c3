import { useQuery } from "@tanstack/react-query";
import type { Address } from "viem";

import { useChainAccess } from "../../chain/ChainAccess.tsx";
import { Card } from "../../parts/Card.tsx";
import { Credits } from "../../parts/Credits.tsx";
import { Facts } from "../../parts/Facts.tsx";
import { useServer } from "../../parts/ServerContext.tsx";
import { Loaded } from "../../parts/States.tsx";
import { type Stage, Stages } from "../../parts/Stages.tsx";
import { Tokens } from "../../parts/Tokens.tsx";
import { balanceQuery } from "../../queries/account.ts";
import { earnedTodayQuery, pendingRowQuery } from "../../queries/provider.ts";
import { partyOnChainQuery } from "../../queries/onChain.ts";
import { rowQuery } from "../../queries/row.ts";
import { Claim } from "./Claim.tsx";
import { Receipt } from "./Receipt.tsx";
import { stagesOf } from "./stagesOf.ts";

/** What was earned today, and what each credit still waits for until it is paid out. */
export function Earned({ provider }: { readonly provider: Address }) {
  return (
    <>
      <Card title="Earned today">
        <Today provider={provider} />
      </Card>
      <Card title="Until it is yours">
        <Waiting provider={provider} />
      </Card>
    </>
  );
}

function Today({ provider }: { readonly provider: Address }) {
  return (
    <Loaded query={useQuery(earnedTodayQuery(provider))}>
      {({ earnedMicros, amountMicros, feeMicros, groups }) => (
        <>
          <Facts
            of={{
              "Earned since midnight UTC": (
                <strong data-earned-today>
                  <Credits micros={earnedMicros} />
                </strong>
              ),
              "In tokens": <Tokens micros={earnedMicros} />,
              "Charged to customers": <Credits micros={amountMicros} />,
              "The operator's fee": <Credits micros={feeMicros} />,
              Events: groups.reduce((sum, { events }) => sum + events, 0n).toLocaleString(),
            }}
          />
          {groups.length === 0 && <p>Nothing was charged today.</p>}
        </>
      )}
    </Loaded>
  );
}

function Waiting({ provider }: { readonly provider: Address }) {
  const balance = useQuery(balanceQuery(provider));
  const final = useQuery(rowQuery(provider));
  const pending = useQuery(pendingRowQuery(provider));
  // The chain itself knows of a claim at once; the server reads blocks a little later.
  const { data: onChain } = useQuery(partyOnChainQuery(useServer(), useChainAccess(), provider));
  return (
    <Loaded query={balance}>
      {({ earnedMicros, settled }) => (
        <Loaded query={final}>
          {(finalRow) => (
            <Loaded query={pending}>
              {(pendingRow) => {
                const amounts = stagesOf({
                  earned: earnedMicros,
                  pending: pendingRow?.row.earned ?? null,
                  final: finalRow?.row.earned ?? 0n,
                  claimed: onChain?.earned ?? settled.earnedMicros,
                });
                const stages: readonly Stage[] = [
                  {
                    name: "Not in a checkpoint",
                    value: <Credits micros={amounts.unsettled} />,
                    note: "The next checkpoint takes it in.",
                  },
                  {
                    name: "In a checkpoint",
                    value: <Credits micros={amounts.inCheckpoint} />,
                    note:
                      pendingRow === null
                        ? "None is pending now."
                        : `Epoch ${pendingRow.epoch} can still be disputed.`,
                  },
                  {
                    name: "Claimable",
                    value: <Credits micros={amounts.claimable} />,
                    note: "Final: a transaction pays it to you.",
                  },
                  {
                    name: "Claimed",
                    value: <Credits micros={amounts.claimed} />,
                    note: <Tokens micros={amounts.claimed} />,
                  },
                ];
                return (
                  <>
                    <Stages label="From charged to claimed, in credits" of={stages} />
                    <Claim provider={provider} claimable={amounts.claimable} />
                    <Receipt provider={provider} earned={earnedMicros} />
                  </>
                );
              }}
            </Loaded>
          )}
        </Loaded>
      )}
    </Loaded>
  );
}
