import { type ReactNode, useId } from "react";

import styles from "./Card.module.css";

/** One question and its answer. */
export function Card({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={styles["card"]} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

/** A table that is wider than a phone scrolls by itself, also by keyboard. */
export function WideTable({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ReactNode;
}) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
    <div className={styles["scroll"]} role="region" aria-label={label} tabIndex={0}>
      <table>{children}</table>
    </div>
  );
}
