import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { Card, WideTable } from "../parts/Card.tsx";
import { Credits } from "../parts/Credits.tsx";
import { Hash } from "../parts/Hash.tsx";
import { Moment } from "../parts/Moment.tsx";
import { Loaded } from "../parts/States.tsx";
import { checkpointsQuery } from "../queries/checkpoints.ts";
import { useLiveCheckpoints } from "../queries/useLiveCheckpoints.ts";
import { LookUp } from "./LookUp.tsx";

/** `/`: what anyone may look up. */
export function Home() {
  useLiveCheckpoints();
  return (
    <>
      <h1>Look up a party or a checkpoint</h1>
      <p>
        Every party has one row: spent, refunded, earned. Your browser recomputes its proof, and
        trusts no one.
      </p>
      <LookUp />
      <Card title="Newest checkpoints">
        <Newest />
      </Card>
    </>
  );
}

function Newest() {
  return (
    <Loaded query={useQuery(checkpointsQuery)}>
      {({ checkpoints }) =>
        checkpoints.length === 0 ? (
          <p>There is no checkpoint yet: the first is made once something was charged.</p>
        ) : (
          <WideTable label="Epochs, stages and totals">
            <thead>
              <tr>
                <th>Epoch</th>
                <th>Stage</th>
                <th>Final since</th>
                <th className="number">Parties</th>
                <th className="number">Spent</th>
                <th>Root</th>
              </tr>
            </thead>
            <tbody>
              {checkpoints.map(({ checkpoint, status, finalAt, partyCount }) => (
                <tr key={`${checkpoint.epoch} ${checkpoint.root}`}>
                  <td>
                    <Link to="/checkpoints/$epoch" params={{ epoch: `${checkpoint.epoch}` }}>
                      {`${checkpoint.epoch}`}
                    </Link>
                  </td>
                  <td>{status}</td>
                  <td>{finalAt === null || status !== "final" ? "–" : <Moment at={finalAt} />}</td>
                  <td className="number">{partyCount}</td>
                  <td className="number">
                    <Credits micros={checkpoint.spent} />
                  </td>
                  <td>
                    <Hash hex={checkpoint.root} />
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
