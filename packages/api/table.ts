import { listActs } from "./acts/acts.ts";
import { getAccount, getProof } from "./accounts/accounts.ts";
import { getCapProof } from "./accounts/capProof.ts";
import {
  acceptAccount,
  endAcceptance,
  listAcceptances,
  listOffers,
} from "./allowances/acceptances.ts";
import {
  addAllowance,
  getAllowance,
  listAllowances,
  revokeAllowance,
} from "./allowances/allowances.ts";
import {
  claimGrant,
  closeCampaignRule,
  getCampaignRule,
  setCampaignRule,
} from "./allowances/campaignRules.ts";
import { issueGrants, listAccountGrants, listGrants } from "./allowances/grants.ts";
import { addCodes, closeCode, listCodes, redeemCode } from "./allowances/promotionCodes.ts";
import { listIssuingKeys, registerIssuingKey, revokeIssuingKey } from "./issuing/issuingKeys.ts";
import { endKey, labelKey, listKeys, replaceKey } from "./keys/keys.ts";
import { addViewKey, revokeViewKey } from "./keys/viewKeys.ts";
import { decideProviderApproval, getProviderApproval } from "./providers/approvals.ts";
import { grantProviderAccess, revokeProviderAccess } from "./providers/providerAccess.ts";
import { registerProviderKey, revokeProviderKey } from "./providers/providerKeys.ts";
import { previewUsage } from "./usage/previews.ts";
import { reportUsage } from "./usage/usage.ts";
import { voidEvent } from "./usage/voids.ts";
import { captureHold, extendHold, getHold, openHold, releaseHold } from "./holds/holds.ts";
import { listOpenHolds } from "./holds/openHolds.ts";
import { getDepositAddress, watchDepositAddress } from "./deposits/deposits.ts";
import { getCheckpointData } from "./checkpoints/checkpointData.ts";
import { addCheckpointSignature } from "./checkpoints/checkpointSignatures.ts";
import { getCheckpoint, getRows, listCheckpoints } from "./checkpoints/checkpoints.ts";
import { addReceiptSignature, getLatestReceipt, issueReceipt } from "./checkpoints/receipts.ts";
import { getDeployment } from "./deployment/deployment.ts";
import {
  getChainReadiness,
  getLiveness,
  getMeteringReadiness,
  getReadiness,
} from "./deployment/health.ts";
import { listBudgets, listSpenderBudgets } from "./insight/budgets.ts";
import { listAccountDebits, listProviderDebits, listSpenderDebits } from "./insight/debits.ts";
import { explainEvent, explainEventById } from "./insight/explain.ts";
import { getDuties } from "./insight/duties.ts";
import { getLiability } from "./insight/liability.ts";
import { getReport } from "./insight/report.ts";
import { getRunway } from "./insight/runway.ts";
import { getAccountStatement, getProviderStatement } from "./insight/statements.ts";
import { getAccountUsage, getProviderEarnings } from "./insight/usageSums.ts";
import { watchAccount, watchCheckpoints, watchProvider, watchSpender } from "./live/liveStreams.ts";
import { listCuts, listSegments, readLog } from "./log/usageLog.ts";
import { listMeterKeys, registerMeterKey, revokeMeterKey } from "./evidence/meterKeys.ts";
import { getMarket } from "./market/market.ts";
import { getProfile, publishProfile } from "./market/profiles.ts";
import { listDynamicRates, listMultiplierSteps } from "./pricing/dynamicRates.ts";
import { previewPrices } from "./pricing/prices.ts";
import { makeQuote } from "./pricing/quotes.ts";
import { getRateCard, listRateCards, publishRateCard } from "./pricing/rateCards.ts";
import { reportUtilisation } from "./pricing/utilisation.ts";
import type { Route } from "./route.ts";
import { addTopUpPolicy, listTopUpPolicies, stopTopUpPolicy } from "./topups/topUps.ts";
import { getMe } from "./sessions/me.ts";
import {
  createNonce,
  listSessions,
  revokeSession,
  revokeSessions,
  signIn,
} from "./sessions/sessions.ts";
import {
  createWebhook,
  deleteWebhook,
  listWebhookDeliveries,
  listWebhooks,
  replayWebhook,
  rotateWebhookSecret,
  testWebhook,
  updateWebhook,
} from "./webhooks/webhooks.ts";

/** Every route of the API, in the order of the documents. */
export const ROUTES = [
  getMe,
  createNonce,
  signIn,
  listSessions,
  revokeSession,
  revokeSessions,
  listKeys,
  labelKey,
  replaceKey,
  endKey,
  addViewKey,
  revokeViewKey,
  listActs,
  getDeployment,
  getLiveness,
  getReadiness,
  getMeteringReadiness,
  getChainReadiness,
  getAccount,
  getProof,
  getCapProof,
  getDepositAddress,
  watchDepositAddress,
  listTopUpPolicies,
  addTopUpPolicy,
  stopTopUpPolicy,
  listAllowances,
  addAllowance,
  getAllowance,
  revokeAllowance,
  acceptAccount,
  endAcceptance,
  listAcceptances,
  listOffers,
  issueGrants,
  listGrants,
  addCodes,
  listCodes,
  closeCode,
  redeemCode,
  setCampaignRule,
  getCampaignRule,
  closeCampaignRule,
  claimGrant,
  listAccountGrants,
  registerIssuingKey,
  listIssuingKeys,
  revokeIssuingKey,
  decideProviderApproval,
  getProviderApproval,
  registerProviderKey,
  revokeProviderKey,
  grantProviderAccess,
  revokeProviderAccess,
  reportUsage,
  previewUsage,
  voidEvent,
  openHold,
  getHold,
  captureHold,
  extendHold,
  releaseHold,
  registerMeterKey,
  revokeMeterKey,
  listMeterKeys,
  listOpenHolds,
  listCheckpoints,
  // Before the checkpoint of an epoch, whose path also fits.
  watchCheckpoints,
  getCheckpoint,
  getRows,
  getCheckpointData,
  addCheckpointSignature,
  issueReceipt,
  getLatestReceipt,
  addReceiptSignature,
  listAccountDebits,
  getAccountUsage,
  getRunway,
  listBudgets,
  listSpenderDebits,
  listSpenderBudgets,
  listProviderDebits,
  getProviderEarnings,
  getAccountStatement,
  getProviderStatement,
  explainEvent,
  explainEventById,
  getReport,
  getLiability,
  getDuties,
  watchAccount,
  watchProvider,
  watchSpender,
  readLog,
  listCuts,
  listSegments,
  listRateCards,
  getRateCard,
  publishRateCard,
  previewPrices,
  makeQuote,
  reportUtilisation,
  listDynamicRates,
  listMultiplierSteps,
  publishProfile,
  getProfile,
  getMarket,
  createWebhook,
  listWebhooks,
  updateWebhook,
  deleteWebhook,
  rotateWebhookSecret,
  listWebhookDeliveries,
  replayWebhook,
  testWebhook,
] as const satisfies readonly Route[];
