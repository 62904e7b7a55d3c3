import { useQuery } from "@tanstack/react-query";
import type { Address } from "viem";

import { WideTable } from "../../parts/Card.tsx";
import { Credits } from "../../parts/Credits.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Loaded } from "../../parts/States.tsx";
import { openHoldsQuery } from "../../queries/provider.ts";
import { burnOf } from "./burnOf.ts";

/** Open holds with their burn, and when each stops. */
export function LiveHolds({ provider }: { readonly provider: Address }) {
  return (
    <Loaded query={useQuery(openHoldsQuery(provider))}>
      {({ holds, asOf, isAll }) =>
        holds.length === 0 ? (
          <p>Nothing is on hold. A hold sets credits aside before you work.</p>
        ) : (
          <>
            <WideTable label="Open holds, the next to end first">
              <thead>
                <tr>
                  <th>Hold</th>
                  <th>Work</th>
                  <th className="number">Charged of it</th>
                  <th className="number">Left</th>
                  <th className="number">Credits an hour</th>
                  <th>Stops</th>
                </tr>
              </thead>
              <tbody>
                {holds.map((hold) => {
                  const { microsPerHour, stopsAt, because } = burnOf(hold, asOf);
                  return (
                    <tr key={hold.id}>
                      <td>
                        <code>{hold.id}</code>
                      </td>
                      <td>{hold.meter}</td>
                      <td className="number">
                        <Credits micros={hold.capturedMicros} />
                      </td>
                      <td className="number">
                        <Credits micros={hold.heldMicros} />
                      </td>
                      <td className="number">
                        <Credits micros={microsPerHour} />
                      </td>
                      <td data-stops={because}>
                        <Moment at={stopsAt} />
                        {because === "credits" ? ", used up" : ", its end"}
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </WideTable>
            {!isAll && <p>More holds end later.</p>}
          </>
        )
      }
    </Loaded>
  );
}
