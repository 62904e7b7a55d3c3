import styles from "./Hash.module.css";

/** A long hex text, shortened in the middle; hovering shows all of it. */
export function Hash({ hex }: { readonly hex: string }) {
  return (
    <code className={styles["hash"]} title={hex}>
      {hex.slice(0, 10)}…{hex.slice(-6)}
    </code>
  );
}
