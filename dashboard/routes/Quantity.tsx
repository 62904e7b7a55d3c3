import type { BasketLine } from "./basketSearch.ts";
import styles from "./Prices.module.css";
import { nameOfLine } from "./usualBasket.ts";

/** How much of a line of a basket; told once the reader leaves the field. */
export function Quantity({
  line,
  onChange,
}: {
  readonly line: BasketLine;
  readonly onChange: (quantity: number) => void;
}) {
  return (
    <input
      className={styles["quantity"]}
      type="number"
      min={1}
      max={1_000_000_000_000}
      step={1}
      aria-label={`Quantity of ${nameOfLine(line)}`}
      defaultValue={line.quantity}
      onBlur={(event) => {
        const { valueAsNumber, validity } = event.currentTarget;
        if (validity.valid && Number.isInteger(valueAsNumber) && valueAsNumber !== line.quantity) {
          onChange(valueAsNumber);
        }
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
      }}
    />
  );
}
