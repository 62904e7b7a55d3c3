import styles from "./Form.module.css";

/** A secret that this browser or the server made just now. It is gone with the page. */
export function Secret({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <div role="status" className={styles["once"]}>
      <p>This is the {what}. Copy it now: it is shown once.</p>
      <p className={styles["secret"]}>
        <code data-secret>{text}</code>
      </p>
    </div>
  );
}
