import { useInfiniteQuery } from "@tanstack/react-query";
import type { Address } from "viem";

import type { Acts } from "@compute-credits/client/acts/readActs";
import { Card, WideTable } from "../parts/Card.tsx";
import { Hash } from "../parts/Hash.tsx";
import { Moment } from "../parts/Moment.tsx";
import { Loaded } from "../parts/States.tsx";
import { actsQuery } from "../queries/access.ts";
import { Owned } from "../wallet/Owned.tsx";

type Act = Acts["acts"][number];

/** `/record`: who changed what of the account, when and from where. */
export function Record() {
  return (
    <Owned title="Record of acts">
      {(account) => (
        <Card title="Who changed what">
          <List account={account} />
        </Card>
      )}
    </Owned>
  );
}

function List({ account }: { readonly account: Address }) {
  const query = useInfiniteQuery(actsQuery(account));
  return (
    <>
      <p>
        Each request that changed keys, sessions, allowances, grants, codes or webhooks. Nothing is
        ever changed or removed here. Spending is under Usage.
      </p>
      <Loaded query={query}>
        {({ pages }) => {
          const acts = pages.flatMap((page) => page.acts);
          if (acts.length === 0) return <p>Nothing yet.</p>;
          return (
            <WideTable label="Acts, newest first">
              <thead>
                <tr>
                  <th>When</th>
                  <th>Act</th>
                  <th>By</th>
                  <th>From</th>
                  <th>What it named</th>
                </tr>
              </thead>
              <tbody>
                {acts.map((act) => (
                  <Row key={`${act.id}`} act={act} />
                ))}
              </tbody>
            </WideTable>
          );
        }}
      </Loaded>
      {query.hasNextPage && (
        <button
          type="button"
          className="plain"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Earlier acts
        </button>
      )}
    </>
  );
}

function Row({ act: { at, act, actor, clientAddress, details } }: { readonly act: Act }) {
  return (
    <tr>
      <td>
        <Moment at={at} />
      </td>
      <td>{inWords(act)}</td>
      <td>
        {inWords(actor.kind)}
        {actor.id !== null && (
          <>
            {" "}
            <Hash hex={actor.id} />
          </>
        )}
      </td>
      <td>{clientAddress}</td>
      <td>
        {Object.entries(details).map(([name, value]) => (
          <div key={name}>
            {inWords(name)}: <Detail value={value} />
          </div>
        ))}
      </td>
    </tr>
  );
}

function Detail({ value }: { readonly value: string | number | boolean }) {
  const text = String(value);
  return /^0x[0-9a-f]{40,}$/i.test(text) ? <Hash hex={text} /> : <>{text}</>;
}

/** `issueGrants` as "issue grants" */
function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
