import type { ReactNode } from "react";

import styles from "./Stages.module.css";

export interface Stage {
  readonly name: string;
  readonly value: ReactNode;
  /** what it means, and what comes next */
  readonly note: ReactNode;
}

/** What an amount goes through, in order. */
export function Stages({ of, label }: { readonly of: readonly Stage[]; readonly label: string }) {
  return (
    <ol className={styles["stages"]} aria-label={label}>
      {of.map(({ name, value, note }) => (
        <li key={name}>
          <span className={styles["name"]}>{name}</span>
          <strong className={styles["value"]} data-stage={name}>
            {value}
          </strong>
          <span className={styles["note"]}>{note}</span>
        </li>
      ))}
    </ol>
  );
}
