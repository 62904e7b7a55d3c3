import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";

import type { MarketOffer } from "@compute-credits/client/market/readMarket";
import { RegionName } from "@compute-credits/protocol/json/profile";
import { Card, WideTable } from "../../parts/Card.tsx";
import { Credits } from "../../parts/Credits.tsx";
import { fieldText } from "../../parts/fieldText.ts";
import { Hash } from "../../parts/Hash.tsx";
import { Loaded } from "../../parts/States.tsx";
import { marketQuery } from "../../queries/market.ts";
import { rateCardsQuery } from "../../queries/prices.ts";
import { AddLine } from "../AddLine.tsx";
import type { BasketLine } from "../basketSearch.ts";
import { Quantity } from "../Quantity.tsx";
import { nameOfLine, ratesIn, usualBasket } from "../usualBasket.ts";
import styles from "./Market.module.css";
import { MOST_MARKET_LINES, type MarketSearch } from "./marketSearch.ts";

const route = getRouteApi("/market");

/** `/market`: who offers some work, the cheapest first. */
export function Market() {
  const { basket } = route.useSearch();
  return (
    <>
      <h1>Who offers this work</h1>
      <p>
        Providers that the operator approved, the cheapest for this basket first. What they say of
        themselves is in their own words, and nobody checked it. The basket is in this page's
        address.
      </p>
      <Loaded query={useQuery(rateCardsQuery)}>
        {({ rateCards }) => {
          const rates = ratesIn(rateCards);
          const lines = basket ?? usualBasket(rates).slice(0, 1);
          if (lines.length === 0) return <p>No card is published yet, so nothing has a price.</p>;
          return <OfBasket lines={lines} rates={rates} />;
        }}
      </Loaded>
    </>
  );
}

function OfBasket({
  lines,
  rates,
}: {
  readonly lines: readonly BasketLine[];
  readonly rates: ReturnType<typeof ratesIn>;
}) {
  const { match = "charged", region } = route.useSearch();
  const navigate = route.useNavigate();
  const set = (changed: MarketSearch) =>
    void navigate({
      search: (old) => ({ ...old, ...changed }),
      replace: true,
      resetScroll: false,
    });
  return (
    <>
      <Card title="Basket">
        <ul className={styles["lines"]}>
          {lines.map((line, index) => (
            <li key={`${index} ${nameOfLine(line)}`}>
              <Quantity
                line={line}
                onChange={(quantity) =>
                  set({ basket: lines.with(index, { ...line, quantity }).slice() })
                }
              />{" "}
              {nameOfLine(line)}{" "}
              {lines.length > 1 && (
                <button
                  type="button"
                  className="plain"
                  aria-label={`Remove ${nameOfLine(line)}`}
                  onClick={() => set({ basket: lines.toSpliced(index, 1) })}
                >
                  Remove
                </button>
              )}
            </li>
          ))}
        </ul>
        {lines.length < MOST_MARKET_LINES && (
          <AddLine rates={rates} onAdd={(line) => set({ basket: [...lines, line] })} />
        )}
        <Filters match={match} region={region} onChange={set} />
      </Card>
      <Card title="Offers">
        <Offers basket={lines} match={match} region={region} />
      </Card>
    </>
  );
}

function Filters({
  match,
  region,
  onChange,
}: {
  readonly match: "named" | "charged";
  readonly region: string | undefined;
  readonly onChange: (changed: MarketSearch) => void;
}) {
  const [mistake, setMistake] = useState("");
  function onSubmit(event: SyntheticEvent<HTMLFormElement>): void {
    event.preventDefault();
    const text = fieldText(event.currentTarget, "region");
    const read = RegionName.safeParse(text);
    setMistake(text === "" || read.success ? "" : "A region is a name like eu-west-1.");
    if (text === "" || read.success) onChange({ region: read.data });
  }
  return (
    <form className={styles["row"]} onSubmit={onSubmit}>
      <label>
        Rates that count
        <select
          value={match}
          onChange={(event) =>
            onChange({ match: event.currentTarget.value === "named" ? "named" : "charged" })
          }
        >
          <option value="charged">all that would apply</option>
          <option value="named">only those that name all of it</option>
        </select>
      </label>
      <label>
        Region (empty: all)
        <input name="region" defaultValue={region} autoComplete="off" placeholder="eu-west-1" />
      </label>
      <button type="submit">Filter</button>
      <span role="alert">{mistake}</span>
    </form>
  );
}

function Offers(of: Parameters<typeof marketQuery>[0]) {
  const query = useInfiniteQuery(marketQuery(of));
  return (
    <>
      <Loaded query={query}>
        {({ pages }) => {
          const offers = pages.flatMap((page) => page.offers);
          if (offers.length === 0) {
            return (
              <p>
                No listed provider offers all of it. <Link to="/prices">The prices</Link> of all
                cards may help; a provider lists itself at <Link to="/provider">its own page</Link>.
              </p>
            );
          }
          return (
            <WideTable label="Offers, the cheapest first">
              <thead>
                <tr>
                  <th>Provider</th>
                  <th className="number">Credits</th>
                  <th>Regions</th>
                  <th>Hardware</th>
                  <th>Where</th>
                </tr>
              </thead>
              <tbody>
                {offers.map((offer) => (
                  <Offer key={offer.provider} offer={offer} />
                ))}
              </tbody>
            </WideTable>
          );
        }}
      </Loaded>
      {query.hasNextPage && (
        <button type="button" className="plain" onClick={() => void query.fetchNextPage()}>
          More offers
        </button>
      )}
    </>
  );
}

/** What providers say is shown as text: an address to copy, and never a link of a stranger. */
function Offer({ offer }: { readonly offer: MarketOffer }) {
  const { provider, name, totalMicros, regions, hardware, endpoints, terms } = offer;
  return (
    <tr>
      <td>
        <strong>{name}</strong>
        <br />
        <Link to="/parties/$party" params={{ party: provider }}>
          <Hash hex={provider} />
        </Link>
      </td>
      <td className="number" data-total>
        <Credits micros={totalMicros} />
      </td>
      <td>{regions.length === 0 ? "–" : regions.join(", ")}</td>
      <td>{hardware.length === 0 ? "–" : hardware.join(", ")}</td>
      <td>
        {endpoints.map((url) => (
          <div key={url}>
            <code>{url}</code>
          </div>
        ))}
        {terms !== null && (
          <div>
            Terms: <code>{terms}</code>
          </div>
        )}
        {endpoints.length === 0 && terms === null && "–"}
      </td>
    </tr>
  );
}
