import { useQueries, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { Address } from "viem";

import type { Prices as Answer } from "@compute-credits/client/pricing/previewPrices";
import { Card, WideTable } from "../parts/Card.tsx";
import { Credits } from "../parts/Credits.tsx";
import { Failure, Loaded } from "../parts/States.tsx";
import { type RateCard, basketQuery, rateCardsQuery } from "../queries/prices.ts";
import { AddLine } from "./AddLine.tsx";
import { type BasketLine, MOST_LINES } from "./basketSearch.ts";
import styles from "./Prices.module.css";
import { Quantity } from "./Quantity.tsx";
import { nameOfLine, ratesIn, usualBasket } from "./usualBasket.ts";

const route = getRouteApi("/prices");

/** `/prices`: what a basket of work costs at each provider, without prior usage. */
export function Prices() {
  return (
    <>
      <h1>What a basket of work costs</h1>
      <p>
        Prices are those of the cards in force, as the server would charge a new account. The basket
        is in this page's address: send it on as it is.
      </p>
      <Loaded query={useQuery(rateCardsQuery)}>
        {({ rateCards }) => <Basket cards={rateCards} />}
      </Loaded>
    </>
  );
}

function Basket({ cards }: { readonly cards: readonly RateCard[] }) {
  const { basket } = route.useSearch();
  const navigate = route.useNavigate();
  const rates = ratesIn(cards);
  const lines = basket ?? usualBasket(rates);
  const setLines = (changed: BasketLine[]) =>
    void navigate({
      search: changed.length === 0 ? {} : { basket: changed },
      replace: true,
      resetScroll: false,
    });
  if (lines.length === 0) return <p>No card is published yet, so nothing has a price.</p>;
  const publishers = [...new Set(cards.map(({ provider }) => provider))];
  return (
    <Card title="Basket">
      <Comparison lines={lines} publishers={publishers} setLines={setLines} />
      {lines.length < MOST_LINES && (
        <AddLine rates={rates} onAdd={(line) => setLines([...lines, line])} />
      )}
    </Card>
  );
}

function Comparison({
  lines,
  publishers,
  setLines,
}: {
  readonly lines: readonly BasketLine[];
  /** `null`: the operator */
  readonly publishers: readonly (Address | null)[];
  readonly setLines: (lines: BasketLine[]) => void;
}) {
  const answers = useQueries({ queries: publishers.map((one) => basketQuery(one, lines)) });
  const failed = answers.find(({ error }) => error !== null)?.error;
  if (failed) return <Failure error={failed} />;
  return (
    <WideTable label="What the basket costs at each provider, in credits">
      <thead>
        <tr>
          <th>Work</th>
          <th>Quantity</th>
          {publishers.map((one) => (
            <th key={one ?? "operator"} className="number" title={one ?? undefined}>
              {one === null ? "Operator's card" : `${one.slice(0, 8)}…${one.slice(-4)}`}
            </th>
          ))}
          <td />
        </tr>
      </thead>
      <tbody>
        {lines.map((line, index) => (
          <tr key={`${index} ${nameOfLine(line)}`}>
            <td>{nameOfLine(line)}</td>
            <td>
              <Quantity
                line={line}
                onChange={(quantity) => setLines(lines.with(index, { ...line, quantity }))}
              />
            </td>
            {answers.map(({ data }, at) => (
              <td key={publishers[at] ?? "operator"} className="number">
                <Price answer={data} index={index} />
              </td>
            ))}
            <td>
              <button
                type="button"
                className="plain"
                aria-label={`Remove ${nameOfLine(line)}`}
                onClick={() => setLines(lines.toSpliced(index, 1))}
              >
                Remove
              </button>
            </td>
          </tr>
        ))}
        <tr className={styles["total"]}>
          <th scope="row" colSpan={2}>
            Together, in credits
          </th>
          {answers.map(({ data }, at) => (
            <td key={publishers[at] ?? "operator"} className="number" data-total>
              {data === undefined ? "…" : <Credits micros={data.totalMicros} />}
            </td>
          ))}
          <td />
        </tr>
      </tbody>
    </WideTable>
  );
}

/** A line that a provider has no rate for is not offered there, and counts for nothing. */
function Price({ answer, index }: { readonly answer: Answer | undefined; readonly index: number }) {
  if (answer === undefined) return <>…</>;
  const price = answer.prices[index];
  if (price === undefined || "problem" in price) {
    return <span title={price?.problem.detail}>not offered</span>;
  }
  return <Credits micros={price.costMicros} />;
}
