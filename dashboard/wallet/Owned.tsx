import type { ReactNode } from "react";
import type { Address } from "viem";

import { useLiveAccount } from "../queries/useLiveAccount.ts";
import { AccountTabs } from "./AccountTabs.tsx";
import { SignIn } from "./SessionBar.tsx";
import { useAccount } from "./useSession.ts";

/** What only an account's owner sees, live; others are asked to sign in. */
export function Owned({
  title,
  tabs = <AccountTabs />,
  to = "the owner of an account",
  children,
}: {
  readonly title: string;
  readonly tabs?: ReactNode;
  /** who sees it */
  readonly to?: string;
  readonly children: (account: Address) => ReactNode;
}) {
  const account = useAccount();
  return (
    <>
      {tabs}
      <h1>{title}</h1>
      {account === undefined && <p role="status">Loading …</p>}
      {account === null && (
        <>
          <p>Only {to} sees this. Sign in with its wallet.</p>
          <SignIn />
        </>
      )}
      {account && <Live account={account}>{children(account)}</Live>}
    </>
  );
}

function Live({ account, children }: { readonly account: Address; readonly children: ReactNode }) {
  useLiveAccount(account);
  return children;
}
