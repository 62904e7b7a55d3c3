/**
 * Everything that wallets, providers and auditors call, by concern. Bundlers drop what a program
 * does not import. Every function that fails rejects with a `CreditsError`.
 */

// Errors
export { ApiProblem } from "./errors/apiProblem.ts";
export { CreditsError, type CreditsErrorDetails, type Revert } from "./errors/creditsError.ts";
export { CLIENT_REASONS, type ClientReason } from "./errors/clientReasons.ts";
export { decodeRevert, toCreditsError } from "./errors/chainError.ts";

// The metering server
export {
  type Api,
  type ApiOptions,
  type CallOptions,
  type Credentials,
  createApi,
} from "./http/api.ts";
export * from "./http/meteringClient.ts";
export { downloadTable } from "./http/checkpointData.ts";
export { DEFAULT_RETRIES, type RetryPolicy } from "./http/retries.ts";

// What wallets sign
export {
  createApiKey,
  createIssuingKey,
  createProviderKey,
  createViewKey,
} from "./wallet/apiKey.ts";
export { signCampaignAccess, signIssuingKey, signIssuingKeyRevocation } from "./wallet/issuing.ts";
export { createPromotionCode } from "./wallet/promotionCode.ts";
export { signProviderApproval } from "./wallet/providerApproval.ts";
export { type SignInRequest, signIn } from "./wallet/signIn.ts";
export { type SignedAcceptance, signAcceptance } from "./wallet/signedAcceptance.ts";
export {
  type AllowanceOptions,
  type SignedAllowance,
  WHOLE_ACCOUNT,
  signAllowance,
  signRevocation,
} from "./wallet/signedAllowance.ts";
export { signViewKey, signViewKeyRevocation } from "./wallet/viewKey.ts";
export { formatCredits, parseCredits } from "@compute-credits/protocol/amounts";
export { type Scope, scopeHash } from "@compute-credits/protocol/messages/allowance";
export type { Deployment } from "@compute-credits/protocol/messages/domain";
export { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";

// The chain
export { type BuyOptions, type Payment, buy } from "./chain/buy.ts";
export { requestRefund, settleRow } from "./chain/credits.ts";
export { type Court, type ShownRow, type SignedCheckpoint, createCourt } from "./chain/court.ts";
export { exit, exitWithoutProof, freeze } from "./chain/exit.ts";
export { readCheckpoints } from "./chain/readCheckpoints.ts";
export { readAccount, readClaim, readVault } from "./chain/readLens.ts";
export { readPurchases } from "./chain/readPurchases.ts";
export type { WalletConnection } from "./chain/transact.ts";

// Checks of an account against the chain
export { createServerAnswers } from "./verify/serverAnswers.ts";
export { readChainFacts } from "./verify/chainFacts.ts";
export { verifyAccount } from "./verify/verifyAccount.ts";
