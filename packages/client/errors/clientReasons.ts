/** Reasons that this package gives itself, besides those of the server's problems. */
export const CLIENT_REASONS = {
  server_unreachable: {
    meaning: "No server answered, or the connection broke; the request may have been applied.",
    next: "Check the address, and send the same request again.",
  },
  timed_out: {
    meaning: "The server did not answer in time; the request may have been applied.",
    next: "Send the same request again.",
  },
  unexpected_answer: {
    meaning: "The answer is none that the API describes, so its outcome is unknown.",
    next: "Check that the address is a metering server, and the versions.",
  },
  invalid_input: {
    meaning: "An argument of the call cannot be used; nothing was sent.",
    next: "Mend the argument that the message names.",
  },
  malformed_data: {
    meaning: "The checkpoint's file breaks the format, or is another than the one that was signed.",
    next: "Take it from another server, a mirror or an auditor.",
  },
  nothing_to_challenge: {
    meaning: "The pending checkpoint has nothing of the account that a challenge could ask for.",
    next: "Look again once a checkpoint with the account's row is pending.",
  },
  row_is_covered: {
    meaning: "The row charges no more than a signed cap or the last final row: a challenge fails.",
    next: "Keep the stake; show the row and your allowances to the operator.",
  },
  no_cap_covers: {
    meaning: "No signed allowance at hand covers the row, so a challenge cannot be answered.",
    next: "Get the allowance from the account's owner, or let the checkpoint be dropped.",
  },
  contract_reverted: {
    meaning: "The contract refused; nothing changed.",
    next: "See `revert`, and the error's explanation in the contract's interface.",
  },
  transaction_reverted: {
    meaning: "The transaction is in a block, and had no effect but its gas.",
    next: "Read the state again, and send a new transaction if it is still wanted.",
  },
  transaction_unknown: {
    meaning: "Whether the transaction was sent, or is in a block, is unknown.",
    next: "Look for the wallet's transaction before you send another.",
  },
  transaction_replaced: {
    meaning: "The wallet sent another transaction in its place, or cancelled it.",
    next: "Look at the wallet's transactions before you send another.",
  },
  wallet_declined: {
    meaning: "The wallet's user declined.",
    next: "Ask again if the user wants to.",
  },
  wallet_failed: {
    meaning: "The wallet did not sign, or did not send.",
    next: "See `cause`, and ask the wallet again.",
  },
  copy_not_kept: {
    meaning: "The store of copies failed, so the signed message was not sent.",
    next: "Mend the store, and sign again.",
  },
  wallet_has_no_account: {
    meaning: "The wallet was created without an account.",
    next: "Pass an account: createWalletClient({ account, … }).",
  },
  chain_unreachable: {
    meaning: "The chain's RPC endpoint did not answer.",
    next: "Check the endpoint, and look whether a transaction was sent.",
  },
  chain_incomplete: {
    meaning: "The chain's RPC endpoint lacks an event that the contract's state follows from.",
    next: "Ask an endpoint that keeps all logs, preferably your own node.",
  },
  unknown_deployment_block: {
    meaning: "The block of the vault's deployment is unknown, so purchases might be missed.",
    next: "Name the block (`deploymentBlock`), and ask an endpoint that keeps logs so old.",
  },
  chain_refused: {
    meaning: "The chain refused the call.",
    next: "See `cause`.",
  },
} as const;

export type ClientReason = keyof typeof CLIENT_REASONS;
