import type { UseQueryResult } from "@tanstack/react-query";

import type { Acts } from "@compute-credits/client/acts/readActs";
import { WideTable } from "../../parts/Card.tsx";
import { Hash } from "../../parts/Hash.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Loaded } from "../../parts/States.tsx";

/** Who changed what, newest first. Details are what the request named, as plain text. */
export function ActList({
  acts,
  none,
}: {
  readonly acts: UseQueryResult<Acts["acts"]>;
  /** what to say of an empty list */
  readonly none: string;
}) {
  return (
    <Loaded query={acts}>
      {(list) =>
        list.length === 0 ? (
          <p>{none}</p>
        ) : (
          <WideTable label="The last changes, newest first">
            <thead>
              <tr>
                <th>When</th>
                <th>Of</th>
                <th>By</th>
                <th>What</th>
              </tr>
            </thead>
            <tbody>
              {list.map(({ id, at, actor, account, provider, details }) => (
                <tr key={`${id}`}>
                  <td>
                    <Moment at={at} />
                  </td>
                  <td>
                    <Party hex={provider ?? account} />
                  </td>
                  <td>
                    <Party hex={actor.id} />
                  </td>
                  <td>
                    {Object.entries(details)
                      .map(([name, value]) => `${name}: ${String(value)}`)
                      .join(", ")}
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

function Party({ hex }: { readonly hex: string | null }) {
  return hex === null ? <>–</> : <Hash hex={hex} />;
}
