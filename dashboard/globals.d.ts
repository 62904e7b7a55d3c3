/** Whether this build has the test wallets of the local chain: only that of `npm start`. */
declare const HAS_TEST_WALLETS: boolean;

/** Trusted Types, as far as the page uses them; not every browser has them. */
interface Window {
  readonly trustedTypes?: {
    createPolicy(
      name: string,
      rules: { readonly createScriptURL: (url: string) => string },
      // What it returns is no URL, but stands for one wherever a script's URL is wanted.
    ): { readonly createScriptURL: (url: string) => URL };
  };
}
