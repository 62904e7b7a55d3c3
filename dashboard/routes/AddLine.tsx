import { useState } from "react";

import type { BasketLine } from "./basketSearch.ts";
import styles from "./Prices.module.css";
import { type PricedWork, nameOfLine, usualQuantity } from "./usualBasket.ts";

/** Adds a kind of work that some card has a rate for. */
export function AddLine({
  rates,
  onAdd,
}: {
  readonly rates: readonly PricedWork[];
  readonly onAdd: (line: BasketLine) => void;
}) {
  const [at, setAt] = useState(0);
  const work = rates[at];
  return (
    <div className={styles["row"]}>
      <label>
        More work
        <select value={at} onChange={(event) => setAt(Number(event.currentTarget.value))}>
          {rates.map((rate, index) => (
            <option key={nameOfLine(rate)} value={index}>
              {nameOfLine(rate)}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        disabled={work === undefined}
        onClick={() => {
          if (work !== undefined) onAdd({ ...work, quantity: usualQuantity(work.meter) });
        }}
      >
        Add
      </button>
    </div>
  );
}
