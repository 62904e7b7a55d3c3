import { useQuery } from "@tanstack/react-query";
import { formatUnits } from "viem";

import type { Report } from "@compute-credits/client/insight/readReport";
import { WideTable } from "../../parts/Card.tsx";
import { creditsText, localized } from "../../parts/creditsText.ts";
import { Facts } from "../../parts/Facts.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { useServer } from "../../parts/ServerContext.tsx";
import { Loaded } from "../../parts/States.tsx";
import { Verdict } from "../../parts/Verdict.tsx";
import { reportQuery } from "../../queries/operator.ts";

type Comparison = Report["comparisons"][number];

/** The ledger's books against the chain's, each difference with its cause. */
export function Books() {
  const query = useQuery(reportQuery);
  return (
    <Loaded query={query}>
      {(report) => (
        <>
          <Verdict checks={[verdict(report)]} />
          <Owed report={report} />
          <details>
            <summary>Each number, in the ledger and on chain</summary>
            <Comparisons of={report.comparisons} />
          </details>
          <p>
            At block {`${report.block.number}`}, of <Moment at={report.block.time} />.{" "}
            <button
              type="button"
              className="plain"
              disabled={query.isFetching}
              onClick={() => void query.refetch()}
            >
              Compare again
            </button>
          </p>
        </>
      )}
    </Loaded>
  );
}

function verdict({ reconciled, comparisons }: Report) {
  const open = comparisons.flatMap(({ name, unit, differences }) =>
    differences
      .filter(({ because }) => because === "unexplained")
      .map(({ amount }) => `${name}: ${amount} ${unit}`),
  );
  return {
    id: "books",
    result: reconciled ? ("holds" as const) : ("fails" as const),
    text: reconciled
      ? "The books agree with the chain: every difference is explained, nothing is unexplained."
      : `Unexplained: ${open.join(", ")}.`,
  };
}

function Owed({ report: { liability, comparisons } }: { readonly report: Report }) {
  const vault = comparisons.find(({ unit }) => unit === "tokens");
  return (
    <Facts
      of={{
        "Owed in all": <Tokens units={liability.total.tokens} />,
        ...(vault && { "The vault has": <Tokens units={vault.chain} /> }),
        "Unspent credits": <Tokens units={liability.unspent.tokens} />,
        "Of these on hold": <Tokens units={liability.held.tokens} />,
        "Refunds due": <Tokens units={liability.refundsDue.tokens} />,
        "Earnings due": <Tokens units={liability.earningsDue.tokens} />,
        "Your fees due": <Tokens units={liability.feesDue.tokens} />,
      }}
    />
  );
}

/** In whole tokens, if the server knows how many units one has. */
function Tokens({ units }: { readonly units: bigint }) {
  const { tokenUnit } = useServer().terms;
  if (tokenUnit === null) return <>{units.toLocaleString()} units of the token</>;
  const decimals = `${tokenUnit}`.length - 1;
  return (
    <>
      {localized(formatUnits(units, decimals))} {units === tokenUnit ? "token" : "tokens"}
    </>
  );
}

function Comparisons({ of }: { readonly of: readonly Comparison[] }) {
  return (
    <WideTable label="The ledger's numbers and the chain's">
      <thead>
        <tr>
          <th>Number</th>
          <th className="number">Ledger</th>
          <th className="number">Chain</th>
          <th>Why they differ</th>
        </tr>
      </thead>
      <tbody>
        {of.map((comparison) => (
          <tr key={comparison.name}>
            <td>{comparison.name}</td>
            <td className="number">{shown(comparison, comparison.ledger)}</td>
            <td className="number">{shown(comparison, comparison.chain)}</td>
            <td>
              {comparison.differences.length === 0
                ? "the same"
                : comparison.differences
                    .map(
                      ({ because, amount }) =>
                        `${because.replaceAll("_", " ")}: ${shown(comparison, amount)}`,
                    )
                    .join("; ")}
            </td>
          </tr>
        ))}
      </tbody>
    </WideTable>
  );
}

function shown({ unit }: Comparison, amount: bigint): string {
  return unit === "tokens" ? `${amount.toLocaleString()} units` : creditsText(amount);
}
