import { reason } from "./reason.ts";

export const CHECKPOINTS = {
  checkpoint_not_found: reason(
    [404],
    "No checkpoint has this epoch.",
    "See `GET /v1/checkpoints`.",
  ),
  row_not_found: reason(
    [404],
    "No final checkpoint has a row of this address.",
    "Wait for the next final checkpoint.",
  ),
  too_many_rows: reason(
    [422],
    "The checkpoint has too many rows for JSON.",
    "Get `GET /v1/checkpoints/:epoch/data`.",
  ),
  data_not_available: reason(
    [404],
    "The checkpoint is older than the file format.",
    "Get `GET /v1/checkpoints/:epoch/rows`.",
  ),
  since_not_before: reason([422], "`since` is not before the epoch.", "Name an earlier epoch."),
  root_mismatch: reason(
    [409],
    "The epoch's checkpoint has another root now.",
    "Reproduce the root in the answer.",
  ),
  checkpoint_not_prepared: reason(
    [409],
    "The checkpoint takes no signatures any more.",
    "Sign the next one.",
  ),
  not_a_signer: reason(
    [403],
    "The contract does not list this signer.",
    "Sign with a signer's key.",
  ),
  signature_invalid: reason(
    [422],
    "The signer did not sign this checkpoint.",
    "Check the message and the EIP-712 domain.",
  ),
  receipt_not_found: reason(
    [404],
    "The provider has no receipt yet.",
    "Post to `/v1/receipts` first.",
  ),
  receipt_replaced: reason(
    [409],
    "The provider has another receipt by now.",
    "Sign the newest one of the log.",
  ),
  receipts_not_offered: reason(
    [501],
    "This server has no signer's key.",
    "Ask a server that settles.",
  ),
  chain_unavailable: reason(
    [503],
    "The chain's endpoint did not answer.",
    "Send the same request again.",
  ),
};
