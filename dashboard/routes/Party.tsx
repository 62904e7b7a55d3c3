import { useQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";
import type { Address } from "viem";

import type { ProvenRow } from "@compute-credits/client/accounts/readProof";
import { parseAddress } from "@compute-credits/protocol/address";
import { useChainAccess } from "../chain/ChainAccess.tsx";
import { recompute } from "../chain/rowOnChain.ts";
import { Card } from "../parts/Card.tsx";
import { Credits } from "../parts/Credits.tsx";
import { Facts } from "../parts/Facts.tsx";
import { Hash } from "../parts/Hash.tsx";
import { useServer } from "../parts/ServerContext.tsx";
import { Loaded } from "../parts/States.tsx";
import { type Check, Verdict } from "../parts/Verdict.tsx";
import { partyOnChainQuery, rootOnChainQuery } from "../queries/onChain.ts";
import { rowQuery } from "../queries/row.ts";
import { useLiveCheckpoints } from "../queries/useLiveCheckpoints.ts";
import { rootCheck } from "./rootCheck.tsx";

const route = getRouteApi("/parties/$party");

/** `/parties/0x…`: a party's published row, its proof, and what the chain has settled. */
export function Party() {
  const party = parseAddress(route.useParams().party);
  useLiveCheckpoints();
  if (party === null) {
    return (
      <>
        <h1>That is not an address</h1>
        <p>
          An address is 0x and 40 hex digits. <Link to="/">Look up another</Link>.
        </p>
      </>
    );
  }
  return (
    <>
      <h1>
        Party <code>{party}</code>
      </h1>
      <Published party={party} />
      <Settled party={party} />
    </>
  );
}

function Published({ party }: { readonly party: Address }) {
  return (
    <Card title="Published row">
      <Loaded query={useQuery(rowQuery(party))}>
        {(proven) =>
          proven === null ? (
            <p>No final checkpoint has a row of this party: nothing of it was ever charged.</p>
          ) : (
            <Row proven={proven} />
          )
        }
      </Loaded>
    </Card>
  );
}

function Row({ proven }: { readonly proven: ProvenRow }) {
  const { row, epoch, proof } = proven;
  return (
    <>
      <Facts
        of={{
          Spent: <Credits micros={row.spent} />,
          Refunded: <Credits micros={row.refunded} />,
          Earned: <Credits micros={row.earned} />,
          Checkpoint: (
            <Link to="/checkpoints/$epoch" params={{ epoch: `${epoch}` }}>{`${epoch}`}</Link>
          ),
        }}
      />
      <Proof proven={proven} />
      <details>
        <summary>The proof: {hashes(proof.length)}</summary>
        <ol>
          {proof.map((hash) => (
            <li key={hash}>
              <code>{hash}</code>
            </li>
          ))}
        </ol>
      </details>
    </>
  );
}

function Proof({ proven }: { readonly proven: ProvenRow }) {
  const access = useChainAccess();
  const onChain = useQuery(rootOnChainQuery(useServer(), access, proven.epoch));
  const { leaf, root, leadsToRoot } = recompute(proven);
  const checks: Check[] = [
    {
      id: "proof",
      result: leadsToRoot ? "holds" : "fails",
      text: (
        <>
          Your browser hashed the row to <Hash hex={leaf} />, and {hashes(proven.proof.length)} lead
          from it to <Hash hex={root} />
          {leadsToRoot
            ? ", the root that the server names."
            : ". The server names another root: do not trust this row."}
        </>
      ),
    },
    rootCheck({ access, onChain, root, epoch: proven.epoch }),
  ];
  return <Verdict checks={checks} />;
}

function Settled({ party }: { readonly party: Address }) {
  const access = useChainAccess();
  const query = useQuery(partyOnChainQuery(useServer(), access, party));
  return (
    <Card title="What the chain has settled">
      {access === null ? (
        <p>
          Not read: this server lists no endpoint of the chain that your browser may ask itself.
        </p>
      ) : (
        <Loaded query={query}>
          {(onChain) => (
            <>
              <Facts
                of={{
                  Bought: <Credits micros={onChain.purchased} />,
                  Spent: <Credits micros={onChain.spent} />,
                  Refunded: <Credits micros={onChain.refunded} />,
                  Earned: <Credits micros={onChain.earned} />,
                }}
              />
              <p>
                Read from the contract through {access.through}, at block {`${onChain.blockNumber}`}
                . A row is settled when someone pays the transaction, so the chain may be behind the
                row.
              </p>
            </>
          )}
        </Loaded>
      )}
    </Card>
  );
}

/** "1 hash", "2 hashes" */
function hashes(count: number): string {
  return `${count} ${count === 1 ? "hash" : "hashes"}`;
}
