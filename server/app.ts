import express, { type Express, type Request, Router } from "express";
import type { Logger } from "pino";

import { countWrites } from "@compute-credits/platform/postgres/sentWrites";
import type { Health } from "@compute-credits/platform/process/health";
import type { Context } from "./context.ts";
import { allowOrigins } from "./http/cors.ts";
import { credentialsFirst } from "./http/credentialsFirst.ts";
import { notFound, problemHandler } from "./http/errors.ts";
import { answerOnce } from "./http/idempotency.ts";
import { type KnownAuditors, createKnownAuditors } from "./http/knownAuditors.ts";
import { carriesProvidersKey } from "./http/knownKey.ts";
import { createStreamBounds } from "./http/live/streamBounds.ts";
import { oneAuthorization } from "./http/oneAuthorization.ts";
import { createPermit } from "./http/permit.ts";
import { refuseWhileStopped } from "./http/refuseWhileStopped.ts";
import { publicTurns } from "./http/publicTurns.ts";
import { limitRates } from "./http/rates/limitRates.ts";
import { recordActs } from "./http/recordActs.ts";
import { readBody } from "./http/readBody.ts";
import type { Sale } from "./http/sale.ts";
import { securityHeaders } from "./http/securityHeaders.ts";
import { accountRoutes } from "./routes/accounts/accounts.ts";
import { capProofRoutes } from "./routes/accounts/capProof.ts";
import { deploymentRoutes } from "./routes/accounts/deployment.ts";
import { actRoutes } from "./routes/acts/acts.ts";
import { acceptanceRoutes } from "./routes/allowances/acceptances.ts";
import { allowanceRoutes } from "./routes/allowances/allowances.ts";
import { grantRoutes } from "./routes/allowances/grants.ts";
import { campaignRuleRoutes } from "./routes/allowances/campaignRules.ts";
import { promotionCodeRoutes } from "./routes/allowances/promotionCodes.ts";
import { checkpointDataRoutes } from "./routes/checkpoints/checkpointData.ts";
import { checkpointSignatureRoutes } from "./routes/checkpoints/checkpointSignatures.ts";
import { checkpointRoutes } from "./routes/checkpoints/checkpoints.ts";
import { receiptSignatureRoutes } from "./routes/checkpoints/receiptSignatures.ts";
import { receiptRoutes } from "./routes/checkpoints/receipts.ts";
import { depositRoutes } from "./routes/deposits/deposits.ts";
import { serveDashboard } from "./routes/dashboard/serveDashboard.ts";
import { apiPageRoutes } from "./routes/docs/apiPage.ts";
import { llmsTextRoutes } from "./routes/docs/llmsText.ts";
import { meterKeyRoutes } from "./routes/evidence/meterKeys.ts";
import { healthRoutes } from "./routes/health/health.ts";
import { holdRoutes } from "./routes/holds/holds.ts";
import { budgetRoutes } from "./routes/insight/budgets.ts";
import { debitRoutes } from "./routes/insight/debits.ts";
import { openHoldRoutes } from "./routes/insight/openHolds.ts";
import { explainRoutes } from "./routes/insight/explain.ts";
import { dutyRoutes } from "./routes/insight/duties.ts";
import { liabilityRoutes } from "./routes/insight/liability.ts";
import { reportRoutes } from "./routes/insight/report.ts";
import { runwayRoutes } from "./routes/insight/runway.ts";
import { statementRoutes } from "./routes/insight/statements.ts";
import { usageSumRoutes } from "./routes/insight/usageSums.ts";
import { liveStreamRoutes } from "./routes/live/liveStreams.ts";
import { usageLogRoutes } from "./routes/log/usageLog.ts";
import { marketRoutes } from "./routes/market/market.ts";
import { profileRoutes } from "./routes/market/profiles.ts";
import { dynamicRateRoutes } from "./routes/pricing/dynamicRates.ts";
import { priceRoutes } from "./routes/pricing/prices.ts";
import { keyRoutes } from "./routes/keys/keys.ts";
import { viewKeyRoutes } from "./routes/keys/viewKeys.ts";
import { issuingKeyRoutes } from "./routes/issuing/issuingKeys.ts";
import { quoteRoutes } from "./routes/pricing/quotes.ts";
import { rateCardRoutes } from "./routes/pricing/rateCards.ts";
import { utilisationRoutes } from "./routes/pricing/utilisation.ts";
import { approvalRoutes } from "./routes/providers/approvals.ts";
import { providerAccessRoutes } from "./routes/providers/providerAccess.ts";
import { providerKeyRoutes } from "./routes/providers/providerKeys.ts";
import { meRoutes } from "./routes/sessions/me.ts";
import { sessionRoutes } from "./routes/sessions/sessions.ts";
import { previewRoutes } from "./routes/usage/previews.ts";
import { topUpRoutes } from "./routes/topUps/topUps.ts";
import { usageRoutes } from "./routes/usage/usage.ts";
import { voidRoutes } from "./routes/usage/voids.ts";
import { webhookDeliveryRoutes } from "./routes/webhooks/deliveries.ts";
import { webhookRoutes } from "./routes/webhooks/webhooks.ts";

/** The HTTP API. */
export function createApp(context: Context, health: Health, log: Logger): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(securityHeaders);
  app.use(allowOrigins(context.callers.allowedOrigins));
  app.use("/v1", v1(context));
  app.use(healthRoutes(health));
  app.use(apiPageRoutes());
  app.use(llmsTextRoutes({ sale: saleOf(context) }));
  if (context.dashboard !== null) app.use(serveDashboard(context.dashboard));
  app.use(notFound);
  app.use(problemHandler(log));
  return app;
}

/** One router for all, because Express matches the path of each mounted router per request. */
function v1(context: Context): Router {
  const router = Router();
  const { limits, providers, callers, isTrustedProxy } = context;
  const knownAuditors = createKnownAuditors();
  const isProvider = (req: Request) =>
    carriesProvidersKey(req, { providers, keyUses: callers.keyUses });
  const isAuditor = (req: Request) => knownAuditors.has(req);
  router.use(
    oneAuthorization,
    limitRates({ budgets: context.rateBudgets, providers, isAuditor, isTrustedProxy }),
    refuseWhileStopped(context.gate),
    publicTurns({
      ...context.publicShare,
      isTrustedProxy,
      isProvider,
      isAuditor,
    }),
    credentialsFirst({ identify: callers.identify, providers }),
    ...readBody({ maxBodyBytes: limits.maxBodyBytes, isProvider }),
    // Before writes are counted, because its own are no part of the request's effect.
    answerOnce({ keys: context.idempotency, identify: callers.identify, isTrustedProxy }),
    recordActs({ acts: context.acts, identify: callers.identify, isTrustedProxy }),
    (_req, _res, next) => countWrites(next),
    ...routersOf(context, knownAuditors),
  );
  return router;
}

/** Hands each router what it uses. Usage is first: it is the busiest, and routes match in order. */
function routersOf(context: Context, knownAuditors: KnownAuditors): readonly Router[] {
  const {
    limits,
    feeBps,
    terms,
    auditors,
    approvals,
    operators,
    askedChain: chain,
    askedVault: vault,
  } = context;
  const { payouts, deploymentBlock, blocksPerRequest } = context;
  const { accounts, allowances, acceptances, grants, issuingKeys, providers, usage, holds } =
    context;
  const { chainStore } = context;
  const { rateCards, prices, multipliers, quotes } = context;
  const { checkpoints, published, checkpointData, submissions, receipts, receiptRecords } = context;
  const { insight, reports, usageLog } = context;
  const { identify, sessions, origins, sessionSeconds, keyDetails, viewKeys } = context.callers;
  const { deployment } = chain;
  const { token, creditMicrosPerToken } = terms;
  const sale = saleOf(context);
  const issuers = { allowances, identify };
  const now = () => allowances.now();
  const permit = createPermit({ identify, chain, auditors });
  const { evidence, attestation } = context;
  const evidenceDeps = { evidence, attestation, deployment };
  const tierReaders = { permit, identify, acceptances };
  return [
    usageRoutes({ usage, providers, limits, sale, ...evidenceDeps }),
    voidRoutes({ usage, providers }),
    previewRoutes({ previews: context.previews, identify, approvals, limits, sale }),
    deploymentRoutes({
      deployment,
      terms,
      limits,
      feeBps,
      deploymentBlock,
      lens: context.lens,
      depositAddresses: context.deposits?.chain.address ?? null,
    }),
    sessionRoutes({ sessions, identify, origins, sessionSeconds, chain }),
    keyRoutes({ identify, keyDetails, providers, issuingKeys, viewKeys }),
    viewKeyRoutes({ identify, viewKeys, keyDetails, chain }),
    actRoutes({ acts: context.acts, permit }),
    meRoutes({ identify, approvals, auditors }),
    accountRoutes({ accounts, checkpoints: published, chainStore, permit }),
    depositRoutes({
      deposits:
        context.deposits === null
          ? null
          : { ...context.deposits, chain: context.deposits.askedChain },
      chainId: deployment.chainId,
      token,
      permit,
    }),
    topUpRoutes({
      topUps: context.topUps,
      keeper: context.keeper,
      worthMicros: context.topUpWorthMicros,
      chain,
      permit,
    }),
    capProofRoutes({ allowances, disputes: context.askedDisputes, chain, permit }),
    allowanceRoutes({ allowances, identify, chain, limits, permit }),
    acceptanceRoutes({ acceptances, chain, permit }),
    grantRoutes({ allowances, grants, issuers, limits, permit }),
    promotionCodeRoutes({ allowances, grants, issuers, chain, limits, permit }),
    campaignRuleRoutes({
      allowances,
      campaignRules: context.campaignRules,
      issuers,
      chain,
      limits,
    }),
    issuingKeyRoutes({ issuingKeys, allowances, chain, permit }),
    approvalRoutes({ approvals, operators, chain }),
    providerKeyRoutes({ providers, approvals, chain }),
    providerAccessRoutes({ providers, chain }),
    receiptRoutes({ providers, receipts, receiptRecords, chain, identify, permit }),
    rateCardRoutes({ rateCards, providers, limits }),
    priceRoutes({ prices, limits, sale, ...tierReaders }),
    utilisationRoutes({ multipliers, providers }),
    dynamicRateRoutes({ multipliers }),
    profileRoutes({ profiles: context.profiles, approvals, chain }),
    marketRoutes({ market: context.market }),
    holdRoutes({ holds, providers, quotes, limits, sale, identify, permit, ...evidenceDeps }),
    meterKeyRoutes({ evidence: context.evidence, approvals, chain }),
    quoteRoutes({ quotes, limits, sale, ...tierReaders }),
    // Before the checkpoint of an epoch, whose path also fits.
    liveStreamRoutes({
      hub: context.live,
      bounds: createStreamBounds(),
      permit,
      identify,
      origins,
      isTrustedProxy: context.isTrustedProxy,
    }),
    checkpointRoutes({ checkpoints: published }),
    checkpointDataRoutes({ checkpoints: published, checkpointData }),
    checkpointSignatureRoutes({ checkpoints, submissions, chain }),
    receiptSignatureRoutes({ receiptRecords, chain }),
    debitRoutes({ insight, permit }),
    openHoldRoutes({ insight, permit }),
    usageSumRoutes({ insight, permit, now }),
    runwayRoutes({ insight, permit }),
    budgetRoutes({ insight, permit }),
    explainRoutes({
      insight,
      permit,
      rateCards,
      holds,
      checkpoints: published,
      evidence: context.evidence,
    }),
    reportRoutes({
      reports,
      permit,
      vault,
      payouts,
      blocksPerRequest,
      token,
      creditMicrosPerToken,
      now,
    }),
    dutyRoutes({
      duties: context.duties,
      chainStore,
      refundWindowSeconds: terms.refundWindowSeconds,
      permit,
    }),
    liabilityRoutes({ past: context.past, permit, vault, token, creditMicrosPerToken, now }),
    statementRoutes({ statements: context.statements, permit, now }),
    webhookRoutes({ webhooks: context.webhooks, approvals, permit }),
    webhookDeliveryRoutes({ webhooks: context.webhooks, permit }),
    usageLogRoutes({
      usageLog,
      logSegments: context.logSegments,
      identify,
      chain,
      auditors,
      knownAuditors,
      gate: context.gate,
    }),
  ];
}

/** What a buyer of credits must know. */
function saleOf({ askedChain, terms, callers }: Context): Sale {
  const { token, creditMicrosPerToken, tokenUnit } = terms;
  const serverUrl = () => callers.origins.url();
  return { ...askedChain.deployment, token, creditMicrosPerToken, tokenUnit, serverUrl };
}
