import { useQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";

import { useRows } from "../../chain/rows/useRows.ts";
import { Card } from "../../parts/Card.tsx";
import { Failure, Loaded } from "../../parts/States.tsx";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { checkpointQuery } from "../../queries/checkpoints.ts";
import { useLiveCheckpoints } from "../../queries/useLiveCheckpoints.ts";
import { Contest } from "./Contest.tsx";
import { Recomputed } from "./Recomputed.tsx";
import { RowList } from "./RowList.tsx";

const route = getRouteApi("/checkpoints/$epoch/rows");

/** `/checkpoints/3/rows`: all rows, their root made anew, what changed, and what may be contested. */
export function CheckpointRows() {
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
  return <OfEpoch key={epoch} epoch={BigInt(epoch)} />;
}

function OfEpoch({ epoch }: { readonly epoch: bigint }) {
  useLiveCheckpoints();
  const rows = useRows(epoch);
  const { state } = rows;
  return (
    <>
      <h1>
        Rows of{" "}
        <Link to="/checkpoints/$epoch" params={{ epoch: `${epoch}` }}>
          checkpoint {`${epoch}`}
        </Link>
      </h1>
      <Loaded query={useQuery(checkpointQuery(epoch))}>
        {(checkpoint) => {
          if (state === null || state.told === "progress") {
            return (
              <p role="status">
                {state === null
                  ? "Starting …"
                  : `Hashed ${state.rows.toLocaleString()} rows of checkpoint ${state.epoch} …`}{" "}
                {checkpoint.partyCount.toLocaleString()} are in this one.
              </p>
            );
          }
          if (state.told === "failed") {
            const { message, next } = state;
            const told = next === null ? {} : { next };
            return (
              <Failure error={new CreditsError(message, { reason: "malformed_data", ...told })} />
            );
          }
          return (
            <>
              <Recomputed checkpoint={checkpoint} checked={state} />
              <Contest checkpoint={checkpoint} checked={state} />
              <Card title="Rows">
                <RowList checked={state} rows={rows} />
              </Card>
            </>
          );
        }}
      </Loaded>
    </>
  );
}
