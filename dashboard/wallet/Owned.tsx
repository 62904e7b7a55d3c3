import type { ReactNode } from "react";
import type { Address } from "viem";

import { useLiveAccount } from "../queries/useLiveAccount.ts";
import { AccountTabs } from "./AccountTabs.tsx";
import { SignIn } from "./SessionBar.tsx";
import { useAccount } from "./useSession.ts";

/** What only an account's owner sees, live; others are asked to sign in. */
export function Owned({
  title,
  children,
}: {
  readonly title: string;
  readonly children: (account: Address) => ReactNode;
}) {
  const account = useAccount();
  return (
    <>
      <AccountTabs />
      <h1>{title}</h1>
      {account === undefined && <p role="status">Loading …</p>}
      {account === null && (
        <>
          <p>Only the owner of an account sees this. Sign in with the account's wallet.</p>
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
