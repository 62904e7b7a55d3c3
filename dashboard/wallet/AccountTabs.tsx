import { Link } from "@tanstack/react-router";

import styles from "./AccountTabs.module.css";

/** The pages of an account's owner. */
const TABS = [
  ["/account", "Overview"],
  ["/usage", "Usage"],
  ["/keys", "Keys"],
  ["/buy", "Buy"],
  ["/refund", "Refund"],
  ["/statements", "Statements"],
  ["/team", "Team"],
  ["/access", "Access"],
  ["/webhooks", "Webhooks"],
  ["/record", "Record"],
] as const;

/** Leads from one page of an account to the others. */
export function AccountTabs() {
  return (
    <nav className={styles["tabs"]} aria-label="Pages of the account">
      {TABS.map(([to, label]) => (
        <Link key={to} to={to}>
          {label}
        </Link>
      ))}
    </nav>
  );
}
