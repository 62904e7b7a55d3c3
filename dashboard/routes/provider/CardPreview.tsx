import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Address } from "viem";

import { formatCredits, parseCredits } from "@compute-credits/protocol/amounts";
import { WideTable } from "../../parts/Card.tsx";
import { Credits } from "../../parts/Credits.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Loaded } from "../../parts/States.tsx";
import type { RateCard } from "../../queries/prices.ts";
import { type WeekOfEvents, ownCardQuery, weekQuery } from "../../queries/provider.ts";
import { nameOfLine } from "../usualBasket.ts";
import { type LinearRate, type RatePreview, previewCard } from "./cardPreview.ts";
import styles from "./Provider.module.css";

/** The card that counts for this provider, and what other prices would have made of last week. */
export function CardPreview({ provider }: { readonly provider: Address }) {
  const week = useQuery(weekQuery(provider));
  return (
    <Loaded query={useQuery(ownCardQuery(provider))}>
      {(card) =>
        card === null ? (
          <p>
            Neither you nor the operator has published a card, so nothing can be charged. Publish
            one: <code>npm run credits -- card publish --help</code>
          </p>
        ) : (
          <Loaded query={week}>{(events) => <Change card={card} week={events} />}</Loaded>
        )
      }
    </Loaded>
  );
}

function Change({ card, week }: { readonly card: RateCard; readonly week: WeekOfEvents }) {
  const [changed, setChanged] = useState<ReadonlyMap<string, bigint>>(new Map());
  const rates = card.rates.map(linearOf);
  const previews = previewCard(rates, week.events, changed);
  const sum = (of: "chargedMicros" | "wouldChargeMicros") =>
    [...previews.values()].reduce((all, preview) => all + preview[of], 0n);
  const lines = rates.map((rate): Line => ({
    rate,
    preview: previews.get(rate.rateKey),
    onChange: (micros) => {
      const next = new Map(changed);
      if (micros === null) next.delete(rate.rateKey);
      else next.set(rate.rateKey, micros);
      setChanged(next);
    },
  }));
  const used = lines.filter(({ preview }) => preview !== undefined);
  const unused = lines.filter(({ preview }) => preview === undefined);
  return (
    <>
      <p>
        {card.provider === null ? (
          "You have no card of your own: the operator's counts."
        ) : (
          <>
            Your card, version {card.version}, in force from <Moment at={card.effectiveFrom} />.
          </>
        )}{" "}
        Type another price, and see what the{" "}
        {week.isAll ? "events of the last seven days" : "newest events of the last seven days"}{" "}
        would have been charged. Nothing changes until you publish a card.
      </p>
      {used.length === 0 && <p>Nothing was charged in these days.</p>}
      {used.length > 0 && (
        <RateTable label="Prices of what was used, and last week at other prices" of={used}>
          <tr>
            <th scope="row" colSpan={5}>
              Together
            </th>
            <td className="number">
              <Credits micros={sum("chargedMicros")} />
            </td>
            <td className="number" data-would-total>
              <strong>
                <Credits micros={sum("wouldChargeMicros")} />
              </strong>
            </td>
          </tr>
        </RateTable>
      )}
      {unused.length > 0 && (
        <details>
          <summary>{unused.length} prices that nothing was charged by</summary>
          <RateTable label="Prices of what was not used" of={unused} />
        </details>
      )}
      <p>
        Customers may use more or less at another price. Publish with{" "}
        <code>npm run credits -- card publish</code>.
      </p>
    </>
  );
}

interface Line {
  readonly rate: LinearRate;
  readonly preview: RatePreview | undefined;
  readonly onChange: (micros: bigint | null) => void;
}

function RateTable({
  of,
  label,
  children,
}: {
  readonly of: readonly Line[];
  readonly label: string;
  readonly children?: ReactNode;
}) {
  return (
    <WideTable label={label}>
      <thead>
        <tr>
          <th>Work</th>
          <th>Credits for</th>
          <th className="number">Price now</th>
          <th>Another price</th>
          <th className="number">Events</th>
          <th className="number">Was charged</th>
          <th className="number">Would be</th>
        </tr>
      </thead>
      <tbody>
        {of.map(({ rate, preview, onChange }) => (
          <tr key={rate.rateKey}>
            <td>{nameOfLine(rate)}</td>
            <td>
              {rate.perUnits.toLocaleString()} {rate.perUnits === 1n ? "unit" : "units"}
            </td>
            <td className="number">
              {rate.microCredits === null ? "by tiers" : <Credits micros={rate.microCredits} />}
            </td>
            <td>
              <Price rate={rate} onChange={onChange} />
            </td>
            <td className="number">{(preview?.events ?? 0).toLocaleString()}</td>
            <td className="number">
              <Credits micros={preview?.chargedMicros ?? 0n} />
            </td>
            <td className="number">
              <Credits micros={preview?.wouldChargeMicros ?? 0n} />
            </td>
          </tr>
        ))}
        {children}
      </tbody>
    </WideTable>
  );
}

function Price({
  rate,
  onChange,
}: {
  readonly rate: LinearRate;
  readonly onChange: (micros: bigint | null) => void;
}) {
  const [isWrong, setWrong] = useState(false);
  if (rate.microCredits === null) return <>no preview</>;
  return (
    <input
      className={styles["price"]}
      inputMode="decimal"
      autoComplete="off"
      aria-label={`Another price of ${nameOfLine(rate)}, in credits`}
      aria-invalid={isWrong}
      placeholder={formatCredits(rate.microCredits)}
      onChange={(event) => {
        const text = event.currentTarget.value.trim();
        try {
          onChange(text === "" ? null : parseCredits(text));
          setWrong(false);
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          onChange(null);
          setWrong(true);
        }
      }}
    />
  );
}

/** Only a fixed rate tells the price of an event by itself. */
function linearOf(rate: RateCard["rates"][number]): LinearRate {
  const { rateKey, meter, dimensions, perUnits } = rate;
  return {
    rateKey,
    meter,
    dimensions,
    perUnits,
    microCredits: rate.kind === "fixed" ? rate.microCredits : null,
  };
}
