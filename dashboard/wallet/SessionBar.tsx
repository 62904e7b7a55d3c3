import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";

import { useServer } from "../parts/ServerContext.tsx";
import { Failure } from "../parts/States.tsx";
import styles from "./SessionBar.module.css";
import { useAccount, useSignIn, useSignOut } from "./useSession.ts";
import { loadWallets, useWallets } from "./walletStore.ts";

/** Who is signed in, and how to sign in or out. */
export function SessionBar() {
  const account = useAccount();
  const signOut = useSignOut();
  if (account === undefined) return null;
  if (account === null) return <SignIn />;
  return (
    <div className={styles["bar"]}>
      <code title={account}>
        {account.slice(0, 8)}…{account.slice(-4)}
      </code>
      <button
        type="button"
        className="plain"
        disabled={signOut.isPending}
        onClick={() => signOut.mutate()}
      >
        Sign out
      </button>
    </div>
  );
}

/** A button that opens the list of wallets. */
export function SignIn() {
  const dialog = useRef<HTMLDialogElement>(null);
  const server = useServer();
  const { offered } = useWallets();
  const loading = useMutation({ mutationFn: async () => void (await loadWallets(server)) });
  const signIn = useSignIn();
  function open(): void {
    dialog.current?.showModal();
    loading.mutate();
  }
  return (
    <>
      <button type="button" onClick={open}>
        Sign in
      </button>
      <dialog ref={dialog} aria-label="Sign in with a wallet">
        <h2>Sign in with a wallet</h2>
        <p>Your wallet signs a message. That costs nothing and spends nothing.</p>
        {loading.isPending && <p role="status">Looking for wallets …</p>}
        {loading.error !== null && <Failure error={loading.error} />}
        {loading.isSuccess && offered.length === 0 && (
          <p>
            Your browser has no wallet that announces itself. Install one, and reload this page.
          </p>
        )}
        <ul className={styles["choices"]}>
          {offered.map(({ uid, name }) => (
            <li key={uid}>
              <button
                type="button"
                className="plain"
                disabled={signIn.isPending}
                onClick={() => signIn.mutate(uid)}
              >
                {name}
              </button>
            </li>
          ))}
        </ul>
        {signIn.error !== null && <Failure error={signIn.error} />}
        <form method="dialog">
          <button type="submit" className="plain">
            Close
          </button>
        </form>
      </dialog>
    </>
  );
}

/** Warns of test wallets, and of a wallet on another chain. */
export function WalletWarnings() {
  const { connected } = useWallets();
  const { deployment } = useServer();
  if (connected === null) return null;
  const { id, name, chainId } = connected;
  if (id.startsWith("test.")) {
    return (
      <p className={styles["warning"]} role="status">
        {name}. Everyone knows its key: never send it anything of worth.
      </p>
    );
  }
  if (chainId === deployment.chainId) return null;
  return (
    <p className={styles["warning"]} role="status">
      Your wallet is on chain {chainId}. Reading works; before you sign, it is asked to change to{" "}
      chain {deployment.chainId}.
    </p>
  );
}
