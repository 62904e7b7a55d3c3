import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useSyncExternalStore } from "react";

import { CreditsError } from "@compute-credits/client/errors/creditsError";
import styles from "./States.module.css";

/** Shows what a query has: its data, that it is on its way, or why it failed and what to do. */
export function Loaded<T>({
  query,
  children,
}: {
  readonly query: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) {
    return <Failure error={query.error} again={() => void query.refetch()} />;
  }
  return (
    <p className={styles["loading"]} role="status">
      Loading …
    </p>
  );
}

/** What failed, and what to do about it. */
export function Failure({ error, again }: { readonly error: Error; readonly again?: () => void }) {
  const next = error instanceof CreditsError ? error.next : null;
  return (
    <div className={styles["failure"]} role="alert">
      <p>{error.message}</p>
      {next !== null && <p>{next}</p>}
      {again !== undefined && (
        <button type="button" className="plain" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Says that the browser is offline, while it is. */
export function Offline() {
  const isOnline = useSyncExternalStore(subscribe, () => navigator.onLine);
  if (isOnline) return null;
  return (
    <p className={styles["offline"]} role="status">
      You are offline. What you see may be old; it is read again once you are back.
    </p>
  );
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener("online", onChange);
  window.addEventListener("offline", onChange);
  return () => {
    window.removeEventListener("online", onChange);
    window.removeEventListener("offline", onChange);
  };
}
