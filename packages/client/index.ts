/**
 * Everything that wallets, providers and auditors call, by concern. Bundlers drop what a program
 * does not import. Every function that fails rejects with a `CreditsError`.
 */

// Errors
export { ApiProblem } from "./errors/apiProblem.ts";
export { CreditsError, type CreditsErrorDetails, type Revert } from "./errors/creditsError.ts";
export { CLIENT_REASONS, type ClientReason } from "./errors/clientReasons.ts";
export { type Shortage, shortageOf } from "./errors/shortage.ts";
export { decodeRevert, toCreditsError } from "./errors/chainError.ts";

// The metering server
export {
  type Api,
  type ApiOptions,
  type CallOptions,
  type Credentials,
  createApi,
} from "./http/api.ts";
export {
  type Captured,
  type MeteringClient,
  type Offer,
  type ShownAllowance,
  type SpenderWord,
  createMeteringClient,
} from "./http/meteringClient.ts";
export { type PageOptions, pages } from "./http/pages.ts";
export { downloadTable } from "./http/checkpointData.ts";
export { DEFAULT_RETRIES, type RetryPolicy } from "./http/retries.ts";
export { type LiveEvent, type WatchOptions, type Watched, watch } from "./http/live.ts";

// Accounts
export { type Balance, readBalance } from "./accounts/readBalance.ts";
export { type CapProof, readCapProof } from "./accounts/readCapProof.ts";
export { type ProvenRow, readProof } from "./accounts/readProof.ts";
export { type DepositAddress, readDepositAddress } from "./accounts/readDepositAddress.ts";
export { type DepositWatch, watchDepositAddress } from "./accounts/watchDepositAddress.ts";

// Automatic top-ups
export { type TopUpPolicy, type TopUpWishes, addTopUpPolicy } from "./topUps/addTopUpPolicy.ts";
export { type TopUpPolicies, readTopUpPolicies } from "./topUps/readTopUpPolicies.ts";
export { stopTopUpPolicy } from "./topUps/stopTopUpPolicy.ts";

export { waitForBlock } from "./accounts/waitForBlock.ts";
export { type ServerDeployment, readDeployment } from "./deployment/readDeployment.ts";
export { readLiveness } from "./deployment/readLiveness.ts";
export { type Readiness, readReadiness } from "./deployment/readReadiness.ts";

// Allowances
export { type Acceptance, type SpendersWord, accept } from "./allowances/accept.ts";
export { allow } from "./allowances/allow.ts";
export { endAcceptance } from "./allowances/endAcceptance.ts";
export { type Acceptances, readAcceptances } from "./allowances/readAcceptances.ts";
export { type AllowanceInUse, readAllowance } from "./allowances/readAllowance.ts";
export { type StoredAllowance, postAllowance } from "./allowances/postAllowance.ts";
export { type Allowances, readAllowances } from "./allowances/readAllowances.ts";
export { type Offers, readOffers } from "./allowances/readOffers.ts";
export { type RedeemedGrant, redeem } from "./allowances/redeem.ts";
export { revoke } from "./allowances/revoke.ts";
export { revokeGrant } from "./allowances/revokeGrant.ts";

// Campaigns: grants, codes and the keys that issue them
export { readCampaignRule } from "./campaigns/readCampaignRule.ts";
export { type CampaignRule, type NewRule, setCampaignRule } from "./campaigns/setCampaignRule.ts";
export { type AddedCodes, type NewCode, addCodes } from "./campaigns/addCodes.ts";
export { type AddedIssuingKey, addIssuingKey } from "./campaigns/addIssuingKey.ts";
export { type ClaimedGrant, claimGrant } from "./campaigns/claimGrant.ts";
export { closeCampaignRule } from "./campaigns/closeCampaignRule.ts";
export { type ClosedCode, closeCode } from "./campaigns/closeCode.ts";
export type { GrantTerms } from "./campaigns/grantTerms.ts";
export { type IssuedGrants, type NewGrant, issueGrants } from "./campaigns/issueGrants.ts";
export { type Campaign, readCampaign } from "./campaigns/readCampaign.ts";
export { type Codes, readCodes } from "./campaigns/readCodes.ts";
export { type Grants, readGrants } from "./campaigns/readGrants.ts";
export { type IssuingKey, readIssuingKeys } from "./campaigns/readIssuingKeys.ts";
export { type RevokedIssuingKey, revokeIssuingKey } from "./campaigns/revokeIssuingKey.ts";

// Providers: access, prices, holds and usage
export { type AddedProviderKey, addProviderKey } from "./providers/addProviderKey.ts";
export { type ProviderDecision, approveProvider } from "./providers/approveProvider.ts";
export { claimAccess } from "./providers/claimAccess.ts";
export { type Approval, readApproval } from "./providers/readApproval.ts";
export { type RevokedAccess, revokeAccess } from "./providers/revokeAccess.ts";
export { type RevokedProviderKey, revokeProviderKey } from "./providers/revokeProviderKey.ts";
export { type Prices, previewPrices } from "./pricing/previewPrices.ts";
export { type Rate, publishRateCard } from "./pricing/publishRateCard.ts";
export { type Quote, quote } from "./pricing/quote.ts";
export { type DynamicRate, readDynamicRates } from "./pricing/readDynamicRates.ts";
export { type MultiplierSteps, readMultiplierSteps } from "./pricing/readMultiplierSteps.ts";
export { type RateCard, readRateCard } from "./pricing/readRateCard.ts";
export { type RateCards, readRateCards } from "./pricing/readRateCards.ts";
export { type UtilisationStep, reportUtilisation } from "./pricing/reportUtilisation.ts";
export { type AddedMeterKey, addMeterKey } from "./evidence/addMeterKey.ts";
export { type MeterKey, readMeterKeys } from "./evidence/readMeterKeys.ts";
export { revokeMeterKey } from "./evidence/revokeMeterKey.ts";
export { type Profile, publishProfile } from "./market/publishProfile.ts";
export { readProfile } from "./market/readProfile.ts";
export { type BasketLine, type Market, type MarketOffer, readMarket } from "./market/readMarket.ts";
export { type Capture, capture } from "./holds/capture.ts";
export { type Extension, extendHold } from "./holds/extendHold.ts";
export { type Hold, type HoldRequest, hold } from "./holds/hold.ts";
export { type OpenHolds, readOpenHolds } from "./holds/readOpenHolds.ts";
export { readHold } from "./holds/readHold.ts";
export { release } from "./holds/release.ts";
export { type PreviewRequest, type Previews, preview } from "./usage/preview.ts";
export { type Outcome, type UsageCloudEvent, reportUsage } from "./usage/reportUsage.ts";
export { type VoidedEvent, voidEvent } from "./usage/voidEvent.ts";

// Checkpoints as the server has them, and receipts
export { type CheckpointSignatures, cosignCheckpoint } from "./checkpoints/cosignCheckpoint.ts";
export { type ReceiptSignatures, cosignReceipt } from "./checkpoints/cosignReceipt.ts";
export { type CheckpointRows, readRows } from "./checkpoints/readRows.ts";
export { type ServerCheckpoint, readServerCheckpoint } from "./checkpoints/readServerCheckpoint.ts";
export {
  type ServerCheckpoints,
  readServerCheckpoints,
} from "./checkpoints/readServerCheckpoints.ts";
export { readReceipt } from "./checkpoints/readReceipt.ts";
export { type SignedReceipt, takeReceipt } from "./checkpoints/takeReceipt.ts";

// What was spent and earned
export { type Acts, type ActsOf, readActs } from "./acts/readActs.ts";
export { type Explanation, explain } from "./insight/explain.ts";
export type { Range } from "./insight/range.ts";
export { type Budgets, readBudgets } from "./insight/readBudgets.ts";
export { type Debits, type DebitsOf, readDebits } from "./insight/readDebits.ts";
export { type Duties, readDuties } from "./insight/readDuties.ts";
export { type Earnings, readEarnings } from "./insight/readEarnings.ts";
export { type Liability, readLiability } from "./insight/readLiability.ts";
export { type ProviderStatement, readProviderStatement } from "./insight/readProviderStatement.ts";
export { type Report, readReport } from "./insight/readReport.ts";
export { type Runway, readRunway } from "./insight/readRunway.ts";
export { type AccountStatement, readStatement } from "./insight/readStatement.ts";
export { readStatementCsv } from "./insight/readStatementCsv.ts";
export { type UsageSums, readUsageSums } from "./insight/readUsageSums.ts";

// The usage log, for auditors
export { type Cut, readCuts } from "./log/readCuts.ts";
export { type LogPage, readLog } from "./log/readLog.ts";
export { type LogSegment, readSegments } from "./log/readSegments.ts";

// Webhooks
export { type WebhookWithSecret, createWebhook } from "./webhooks/createWebhook.ts";
export { deleteWebhook } from "./webhooks/deleteWebhook.ts";
export { type Deliveries, readDeliveries } from "./webhooks/readDeliveries.ts";
export { type Webhook, readWebhooks } from "./webhooks/readWebhooks.ts";
export { type Replay, replayWebhook } from "./webhooks/replayWebhook.ts";
export { rotateWebhookSecret } from "./webhooks/rotateWebhookSecret.ts";
export { testWebhook } from "./webhooks/testWebhook.ts";
export { updateWebhook } from "./webhooks/updateWebhook.ts";

// Sessions and keys
export { type AddedViewKey, type ViewKeyOptions, addViewKey } from "./keys/addViewKey.ts";
export { labelKey } from "./keys/labelKey.ts";
export { type Key, readKeys } from "./keys/readKeys.ts";
export { revokeKey } from "./keys/revokeKey.ts";
export { revokeViewKey } from "./keys/revokeViewKey.ts";
export { rotateKey } from "./keys/rotateKey.ts";
export { type SessionOptions, type SignedIn, openSession } from "./sessions/openSession.ts";
export { type Me, readMe } from "./sessions/readMe.ts";
export { type Session, readSessions } from "./sessions/readSessions.ts";
export { revokeSession } from "./sessions/revokeSession.ts";
export { revokeSessions } from "./sessions/revokeSessions.ts";

// What wallets sign
export {
  createApiKey,
  createIssuingKey,
  createProviderKey,
  createViewKey,
} from "./wallet/apiKey.ts";
export { signCampaignAccess, signIssuingKey, signIssuingKeyRevocation } from "./wallet/issuing.ts";
export { createPromotionCode } from "./wallet/promotionCode.ts";
export { signProviderAccess, signProviderAccessRevocation } from "./wallet/providerAccess.ts";
export { signProviderApproval } from "./wallet/providerApproval.ts";
export { signMeterKey, signMeterKeyRevocation } from "./wallet/meterKey.ts";
export { type MeterEvidence, signEvidence } from "./wallet/usageEvidence.ts";
export { type ProfileOptions, signProviderProfile } from "./wallet/providerProfile.ts";
export { signProviderKeyRevocation } from "./wallet/providerKey.ts";
export type { Period } from "./wallet/period.ts";
export { type SignInRequest, signIn } from "./wallet/signIn.ts";
export { type SignedAcceptance, signAcceptance } from "./wallet/signedAcceptance.ts";
export {
  type AllowanceOptions,
  type SignedAllowance,
  WHOLE_ACCOUNT,
  signAllowance,
  signRevocation,
} from "./wallet/signedAllowance.ts";
export {
  type SignedCopies,
  type SignedCopy,
  createMemoryCopies,
  memoryCopies,
} from "./wallet/copies.ts";
export { copyText, parseCopy } from "./wallet/copyText.ts";
export type { Signing } from "./wallet/signing.ts";
export { signLogAccess, createReadAccess } from "./wallet/logAccess.ts";
export {
  type SignedTopUpPolicy,
  type TopUpPolicyOptions,
  signTopUpPolicy,
} from "./wallet/topUpPolicy.ts";
export { signViewKey, signViewKeyRevocation } from "./wallet/viewKey.ts";
export { formatCredits, parseCredits } from "@compute-credits/protocol/amounts";
export { type Scope, scopeHash } from "@compute-credits/protocol/messages/allowance";
export { attestationNonce } from "@compute-credits/protocol/messages/usageEvidence";
export { promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";
export type { Deployment } from "@compute-credits/protocol/messages/domain";
export { depositAddressOf } from "@compute-credits/protocol/depositAddress";
export { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";

// The chain
export { type BuyOptions, buy } from "./chain/buy.ts";
export {
  type Payment,
  type PaymentReason,
  type PurchasePlan,
  planPurchase,
} from "./chain/planPurchase.ts";
export { requestRefund, settleRow } from "./chain/credits.ts";
export { type Court, type ShownRow, type SignedCheckpoint, createCourt } from "./chain/court.ts";
export { answerChallenge } from "./disputes/answerChallenge.ts";
export { type Challenged, challenge } from "./disputes/challenge.ts";
export { exit, exitWithoutProof, freeze } from "./chain/exit.ts";
export { readCheckpoints } from "./chain/readCheckpoints.ts";
export { readCounter } from "./chain/readCounter.ts";
export { readAccount, readClaim, readVault } from "./chain/readLens.ts";
export {
  type ArrivedDeposit,
  type DepositConnection,
  readDeposits,
  sweepDeposit,
  withdrawDeposit,
} from "./chain/deposits.ts";
export { approveTopUps, revokeTopUp } from "./chain/topUps.ts";
export { readPurchases } from "./chain/readPurchases.ts";
export { revokeAll } from "./chain/revokeAll.ts";
export { settle } from "./chain/settle.ts";
export type { WalletConnection } from "./chain/transact.ts";

// Checks of an account against the chain
export { createServerAnswers } from "./verify/serverAnswers.ts";
export { readChainFacts } from "./verify/chainFacts.ts";
export { verifyAccount } from "./verify/verifyAccount.ts";
