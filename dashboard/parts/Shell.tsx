import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { SessionBar, WalletWarnings } from "../wallet/SessionBar.tsx";
import { Offline } from "./States.tsx";
import { useServer } from "./ServerContext.tsx";
import styles from "./Shell.module.css";

const LINKS = [
  ["/", "Look up"],
  ["/prices", "Prices"],
  ["/market", "Market"],
  ["/account", "Account"],
  ["/provider", "Provider"],
  ["/operator", "Operator"],
] as const;

/** What every page has around its question. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { deployment } = useServer();
  return (
    <>
      <a className={styles["skip"]} href="#main">
        To the content
      </a>
      <Offline />
      <WalletWarnings />
      <header className={styles["header"]}>
        <span className={styles["name"]}>Compute Credits</span>
        <nav className={styles["nav"]} aria-label="Pages">
          {LINKS.map(([to, label]) => (
            <Link key={to} to={to} activeOptions={{ exact: to === "/" }}>
              {label}
            </Link>
          ))}
        </nav>
        <SessionBar />
      </header>
      <main className={styles["main"]} id="main" tabIndex={-1}>
        {children}
      </main>
      <footer className={styles["footer"]}>
        Vault <code>{deployment.contract}</code> on chain {deployment.chainId}.{" "}
        <a href="/docs">The API</a>
      </footer>
    </>
  );
}
