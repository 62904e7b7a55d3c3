import { actsVerb } from "./acts/acts.ts";
import { acceptVerb, declineVerb } from "./allowances/accept.ts";
import { allowVerb } from "./allowances/allow.ts";
import { acceptancesVerb, allowancesVerb, offersVerb } from "./allowances/lists.ts";
import { revokeAllVerb, revokeVerb } from "./allowances/revoke.ts";
import { balanceVerb } from "./buying/balance.ts";
import { buyVerb } from "./buying/buy.ts";
import { refundVerb } from "./buying/refund.ts";
import { settleVerb } from "./buying/settle.ts";
import { workVerb } from "./buying/work.ts";
import { addCodesVerb, closeCodeVerb, listCodesVerb } from "./campaigns/codes.ts";
import { issueGrantVerb, listGrantsVerb } from "./campaigns/grants.ts";
import {
  createIssuingKeyVerb,
  listIssuingKeysVerb,
  revokeIssuingKeyVerb,
} from "./campaigns/issuingKeys.ts";
import { claimGrantVerb, closeRuleVerb, setRuleVerb, showRuleVerb } from "./campaigns/rules.ts";
import { redeemVerb } from "./campaigns/redeem.ts";
import {
  answerVerb,
  challengeEarningsVerb,
  challengeOmissionVerb,
  challengeRowVerb,
  dropVerb,
  registerReceiptVerb,
  withdrawStakeVerb,
} from "./disputes/challenge.ts";
import { showDepositVerb, sweepDepositVerb, withdrawDepositVerb } from "./deposits/deposits.ts";
import { exitVerb, freezeVerb } from "./disputes/exit.ts";
import { capProofVerb, proofVerb } from "./disputes/proofs.ts";
import { verifyVerb } from "./disputes/verify.ts";
import type { Reader, Verb } from "./frame/verb.ts";
import { budgetsVerb } from "./insight/budgets.ts";
import { debitsVerb } from "./insight/debits.ts";
import { explainVerb } from "./insight/explain.ts";
import { runwayVerb } from "./insight/runway.ts";
import { statementVerb } from "./insight/statement.ts";
import { earningsVerb, usageVerb } from "./insight/usage.ts";
import { createMeterKeyVerb, listMeterKeysVerb, revokeMeterKeyVerb } from "./evidence/meterKeys.ts";
import { marketVerb } from "./market/market.ts";
import { publishProfileVerb, showProfileVerb } from "./market/profile.ts";
import { approveVerb } from "./operators/approve.ts";
import { listCheckpointsVerb, showCheckpointVerb } from "./operators/checkpoints.ts";
import { watchVerb } from "./live/watch.ts";
import { logCutsVerb, logEntriesVerb, logSegmentsVerb } from "./operators/log.ts";
import { dutiesVerb } from "./operators/duties.ts";
import { liabilityVerb } from "./operators/liability.ts";
import { reportVerb } from "./operators/report.ts";
import { alarmsVerb, statusVerb, vaultVerb } from "./operators/status.ts";
import { listCardsVerb, previewCardVerb, publishCardVerb } from "./pricing/cards.ts";
import { dynamicRatesVerb, utilisationVerb } from "./pricing/dynamic.ts";
import { previewVerb, pricesVerb, quoteVerb } from "./pricing/prices.ts";
import { claimAccessVerb, giveAccessVerb, revokeAccessVerb } from "./providers/access.ts";
import { chargeVerb, voidVerb } from "./providers/charge.ts";
import { captureLinesVerb, holdLinesVerb } from "./providers/holdLines.ts";
import {
  captureVerb,
  extendVerb,
  holdVerb,
  releaseVerb,
  listHoldsVerb,
  showHoldVerb,
} from "./providers/holds.ts";
import { issueReceiptVerb, latestReceiptVerb } from "./providers/receipts.ts";
import { approvalVerb, registerVerb } from "./providers/register.ts";
import { labelKeyVerb, listKeysVerb, replaceKeyVerb, revokeKeyVerb } from "./sessions/keys.ts";
import { meVerb } from "./sessions/me.ts";
import {
  listSessionsVerb,
  revokeSessionVerb,
  revokeSessionsVerb,
  signInVerb,
} from "./sessions/sessions.ts";
import { createViewKeyVerb, listViewKeysVerb, revokeViewKeyVerb } from "./sessions/viewKeys.ts";
import { deliveriesVerb, replayWebhookVerb, testWebhookVerb } from "./webhooks/deliveries.ts";
import { addTopUpVerb, listTopUpsVerb, revokeTopUpVerb, stopTopUpVerb } from "./topUps/topUps.ts";
import {
  createWebhookVerb,
  deleteWebhookVerb,
  listWebhooksVerb,
  rotateWebhookVerb,
  updateWebhookVerb,
} from "./webhooks/webhooks.ts";

/** What the first words of two-word verbs stand for. */
export const GROUPS: Readonly<
  Record<string, { readonly summary: string; readonly reader: Reader }>
> = {
  access: { reader: "provider", summary: "Who may charge whom: give, claim, revoke" },
  grants: { reader: "user", summary: "Credits given out of a campaign: issue, list" },
  rules: { reader: "user", summary: "What accounts must do for a grant: set, show, close" },
  codes: { reader: "user", summary: "Promotion codes of a campaign: add, list, close" },
  "issuing-keys": { reader: "user", summary: "Keys that issue grants: create, list, revoke" },
  "view-keys": { reader: "user", summary: "Keys that read an account: create, list, revoke" },
  sessions: { reader: "user", summary: "Sessions of the wallet: list, revoke, revoke-all" },
  webhooks: { reader: "user", summary: "Endpoints that get events, and what was sent to them" },
  deposits: { reader: "user", summary: "The account's deposit address: show, sweep, withdraw" },
  "top-ups": { reader: "user", summary: "Automatic purchases: add, list, stop, revoke" },
  challenge: { reader: "user", summary: "Disputes of a pending checkpoint" },
  keys: { reader: "provider", summary: "The wallet's keys: list, label, replace, revoke" },
  "meter-keys": { reader: "provider", summary: "Keys that sign evidence: create, list, revoke" },
  profile: { reader: "provider", summary: "What the market shows of you: publish, show" },
  card: { reader: "provider", summary: "Rate cards: preview, publish, list" },
  holds: { reader: "provider", summary: "Open and ended holds: show" },
  receipts: { reader: "provider", summary: "Promises of earnings: issue, latest, register" },
  checkpoints: { reader: "operator", summary: "Checkpoints and their rows: list, show" },
  log: { reader: "operator", summary: "The usage log: entries, cuts, segments" },
};

/** Every verb, in the order of help and of docs/cli.md. */
export const VERBS: readonly Verb[] = [
  buyVerb,
  balanceVerb,
  showDepositVerb,
  sweepDepositVerb,
  withdrawDepositVerb,
  addTopUpVerb,
  listTopUpsVerb,
  stopTopUpVerb,
  revokeTopUpVerb,
  allowVerb,
  acceptVerb,
  declineVerb,
  offersVerb,
  acceptancesVerb,
  allowancesVerb,
  revokeVerb,
  revokeAllVerb,
  giveAccessVerb,
  revokeAccessVerb,
  budgetsVerb,
  runwayVerb,
  usageVerb,
  debitsVerb,
  explainVerb,
  statementVerb,
  watchVerb,
  marketVerb,
  pricesVerb,
  quoteVerb,
  previewVerb,
  refundVerb,
  settleVerb,
  proofVerb,
  verifyVerb,
  challengeRowVerb,
  challengeOmissionVerb,
  dropVerb,
  withdrawStakeVerb,
  freezeVerb,
  exitVerb,
  redeemVerb,
  addCodesVerb,
  listCodesVerb,
  closeCodeVerb,
  setRuleVerb,
  showRuleVerb,
  closeRuleVerb,
  claimGrantVerb,
  issueGrantVerb,
  listGrantsVerb,
  createIssuingKeyVerb,
  listIssuingKeysVerb,
  revokeIssuingKeyVerb,
  signInVerb,
  meVerb,
  actsVerb,
  listSessionsVerb,
  revokeSessionVerb,
  revokeSessionsVerb,
  createViewKeyVerb,
  listViewKeysVerb,
  revokeViewKeyVerb,
  createWebhookVerb,
  listWebhooksVerb,
  updateWebhookVerb,
  rotateWebhookVerb,
  testWebhookVerb,
  deliveriesVerb,
  replayWebhookVerb,
  deleteWebhookVerb,
  workVerb,
  approvalVerb,
  registerVerb,
  listKeysVerb,
  labelKeyVerb,
  replaceKeyVerb,
  revokeKeyVerb,
  createMeterKeyVerb,
  listMeterKeysVerb,
  revokeMeterKeyVerb,
  publishProfileVerb,
  showProfileVerb,
  previewCardVerb,
  publishCardVerb,
  listCardsVerb,
  dynamicRatesVerb,
  utilisationVerb,
  claimAccessVerb,
  chargeVerb,
  holdVerb,
  holdLinesVerb,
  listHoldsVerb,
  showHoldVerb,
  captureVerb,
  captureLinesVerb,
  extendVerb,
  releaseVerb,
  voidVerb,
  earningsVerb,
  issueReceiptVerb,
  latestReceiptVerb,
  registerReceiptVerb,
  challengeEarningsVerb,
  statusVerb,
  alarmsVerb,
  vaultVerb,
  approveVerb,
  reportVerb,
  liabilityVerb,
  dutiesVerb,
  listCheckpointsVerb,
  showCheckpointVerb,
  capProofVerb,
  answerVerb,
  logEntriesVerb,
  logCutsVerb,
  logSegmentsVerb,
];
