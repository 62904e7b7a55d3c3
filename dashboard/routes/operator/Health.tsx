import { useQuery } from "@tanstack/react-query";

import { Loaded } from "../../parts/States.tsx";
import { type Check, Verdict } from "../../parts/Verdict.tsx";
import { readinessQuery } from "../../queries/operator.ts";

/** Database, metering, chain, each worker, and what must be done in time. */
export function Health() {
  return (
    <Loaded query={useQuery(readinessQuery)}>
      {({ checks }) => {
        const all = checks.map(
          ({ name, error, warning }, index): Check & { readonly isFine: boolean } => ({
            id: `${index} ${name}`,
            isFine: error === null && warning === undefined,
            result: error !== null ? "fails" : warning === undefined ? "holds" : "not_yet",
            text: (
              <>
                <strong>{name}</strong>
                {error === null && warning === undefined ? " works" : `: ${error ?? warning}`}
              </>
            ),
          }),
        );
        const wrong = all.filter(({ isFine }) => !isFine);
        const fine = all.filter(({ isFine }) => isFine);
        return (
          <>
            {wrong.length === 0 ? (
              <p>
                <strong data-health="good">All {fine.length} parts work.</strong> Nothing comes near
                its deadline.
              </p>
            ) : (
              <div data-health="bad">
                <Verdict checks={wrong} />
              </div>
            )}
            <details>
              <summary>{fine.length} parts that work</summary>
              <Verdict checks={fine} />
            </details>
          </>
        );
      }}
    </Loaded>
  );
}
