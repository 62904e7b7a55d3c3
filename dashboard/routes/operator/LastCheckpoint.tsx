import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useChainAccess } from "../../chain/ChainAccess.tsx";
import { Credits } from "../../parts/Credits.tsx";
import { Facts } from "../../parts/Facts.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { useServer } from "../../parts/ServerContext.tsx";
import { Loaded } from "../../parts/States.tsx";
import { checkpointsQuery } from "../../queries/checkpoints.ts";
import { thresholdQuery } from "../../queries/onChain.ts";

/** The newest checkpoint's stage, age and signatures. */
export function LastCheckpoint() {
  const access = useChainAccess();
  const { data: threshold } = useQuery(thresholdQuery(useServer(), access));
  return (
    <Loaded query={useQuery(checkpointsQuery)}>
      {({ checkpoints: [last] }) =>
        last === undefined ? (
          <p>There is none yet: the first is made once something was charged.</p>
        ) : (
          <Facts
            of={{
              Epoch: (
                <Link to="/checkpoints/$epoch" params={{ epoch: `${last.checkpoint.epoch}` }}>
                  {`${last.checkpoint.epoch}`}
                </Link>
              ),
              Stage: last.status,
              Cut: <Moment at={new Date(Number(last.checkpoint.asOf) * 1_000)} />,
              [last.status === "final" ? "Final since" : "Final at the earliest"]:
                last.finalAt === null ? "–" : <Moment at={last.finalAt} />,
              Signatures:
                threshold === undefined
                  ? last.signatures.length
                  : `${last.signatures.length} of ${threshold} needed`,
              Parties: last.partyCount.toLocaleString(),
              Spent: <Credits micros={last.checkpoint.spent} />,
            }}
          />
        )
      }
    </Loaded>
  );
}
