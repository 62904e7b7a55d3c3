import { useQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";

import type { ServerCheckpoint } from "@compute-credits/client/checkpoints/readServerCheckpoint";
import { useChainAccess } from "../chain/ChainAccess.tsx";
import { Card } from "../parts/Card.tsx";
import { Credits } from "../parts/Credits.tsx";
import { Facts } from "../parts/Facts.tsx";
import { Moment } from "../parts/Moment.tsx";
import { useServer } from "../parts/ServerContext.tsx";
import { Loaded } from "../parts/States.tsx";
import { Verdict } from "../parts/Verdict.tsx";
import { checkpointQuery } from "../queries/checkpoints.ts";
import { rootOnChainQuery } from "../queries/onChain.ts";
import { useLiveCheckpoints } from "../queries/useLiveCheckpoints.ts";
import { rootCheck } from "./rootCheck.tsx";

const route = getRouteApi("/checkpoints/$epoch");

/** `/checkpoints/3`: one checkpoint, and whether the chain has the same. */
export function Checkpoint() {
  const { epoch } = route.useParams();
  if (!/^[1-9]\d{0,17}$/.test(epoch)) {
    return (
      <>
        <h1>That is not the number of a checkpoint</h1>
        <p>
          Checkpoints are counted from 1. <Link to="/">Look up another</Link>.
        </p>
      </>
    );
  }
  return <OfEpoch epoch={BigInt(epoch)} />;
}

function OfEpoch({ epoch }: { readonly epoch: bigint }) {
  useLiveCheckpoints();
  return (
    <>
      <h1>Checkpoint {`${epoch}`}</h1>
      <Loaded query={useQuery(checkpointQuery(epoch))}>{(data) => <Shown of={data} />}</Loaded>
    </>
  );
}

function Shown({ of }: { readonly of: ServerCheckpoint }) {
  const { checkpoint, status, finalAt, partyCount, signatures, transactionHash } = of;
  const access = useChainAccess();
  const onChain = useQuery(rootOnChainQuery(useServer(), access, checkpoint.epoch));
  const check = rootCheck({ access, onChain, root: checkpoint.root, epoch: checkpoint.epoch });
  return (
    <>
      <Card title="Is it the one on chain?">
        <Verdict checks={[check]} />
        <p>
          <Link to="/checkpoints/$epoch/rows" params={{ epoch: `${checkpoint.epoch}` }}>
            Check all {partyCount.toLocaleString()} {partyCount === 1 ? "row" : "rows"} yourself
          </Link>
          , and see what changed and what may be contested.
        </p>
      </Card>
      <Card title="What it says">
        <Facts
          of={{
            Stage: status,
            [status === "final" ? "Final since" : "Final at the earliest"]:
              finalAt === null ? "–" : <Moment at={finalAt} />,
            Parties: partyCount,
            Spent: <Credits micros={checkpoint.spent} />,
            Refunded: <Credits micros={checkpoint.refunded} />,
            Earned: <Credits micros={checkpoint.earned} />,
          }}
        />
        <Facts
          of={{
            Root: <code>{checkpoint.root}</code>,
            "Transaction of its submission": <code>{transactionHash ?? "–"}</code>,
          }}
        />
      </Card>
      <Card title={`Signed by ${signatures.length}`}>
        <ul>
          {signatures.map(({ signer }) => (
            <li key={signer}>
              <code>{signer}</code>
            </li>
          ))}
        </ul>
      </Card>
    </>
  );
}
