/** Whether this build has the test wallets of the local chain: only that of `npm start`. */
declare const HAS_TEST_WALLETS: boolean;
