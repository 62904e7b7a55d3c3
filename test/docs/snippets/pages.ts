/** The pages whose blocks all run, in this order, on one system; and how many blocks cannot run here. */
export const PAGES: readonly { readonly page: string; readonly notRun: number }[] = [
  { page: "docs/readers/wallet.md", notRun: 1 },
  { page: "README.md", notRun: 0 },
  { page: "docs/readers/provider.md", notRun: 0 },
  { page: "docs/readers/safe.md", notRun: 1 },
  { page: "docs/readers/auditor.md", notRun: 0 },
  { page: "docs/readers/operator.md", notRun: 1 },
  { page: "docs/allowances.md", notRun: 0 },
  { page: "docs/usage.md", notRun: 0 },
  { page: "docs/middleware.md", notRun: 0 },
  { page: "docs/gateway.md", notRun: 0 },
  { page: "docs/statements.md", notRun: 0 },
  { page: "docs/insight.md", notRun: 0 },
  { page: "docs/api.md", notRun: 0 },
  { page: "docs/sign-in.md", notRun: 0 },
  { page: "docs/allowance-fields.md", notRun: 0 },
  { page: "docs/acceptance.md", notRun: 0 },
  { page: "docs/agents.md", notRun: 0 },
  { page: "docs/checkpoint-data.md", notRun: 0 },
  { page: "docs/cli.md", notRun: 1 },
  { page: "docs/contract.md", notRun: 0 },
  { page: "docs/governance.md", notRun: 0 },
  { page: "docs/limits.md", notRun: 0 },
  { page: "docs/live.md", notRun: 0 },
  { page: "docs/messages.md", notRun: 0 },
  { page: "docs/onboarding.md", notRun: 1 },
  { page: "docs/operators.md", notRun: 0 },
  { page: "docs/pricing.md", notRun: 0 },
  { page: "docs/reasons.md", notRun: 0 },
  { page: "docs/teams.md", notRun: 0 },
  { page: "docs/webhooks.md", notRun: 0 },
  { page: "packages/express/README.md", notRun: 0 },
  { page: "packages/platform/README.md", notRun: 0 },
  { page: "packages/protocol/README.md", notRun: 0 },
  { page: "packages/api/README.md", notRun: 0 },
  { page: "packages/rules/README.md", notRun: 0 },
];

/** Pages whose blocks other tests run, and which. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  "docs/log-archive.md": "test/docs/logArchive.test.ts",
  "packages/client/README.md": "test/client/published.test.ts",
};

/** Pages without a block that runs here, and how many say why not. */
export const NOT_RUN: Readonly<Record<string, number>> = {
  "CONTRIBUTING.md": 2,
  "docs/auditors.md": 1,
  "docs/chain-repair.md": 3,
  "docs/findings.md": 1,
  "docs/invariants.md": 1,
  "docs/recovery.md": 2,
  "docs/scaling.md": 1,
  "docs/settings.md": 1,
  "docs/settlement.md": 1,
  "docs/simulation-runs.md": 1,
  "docs/simulation.md": 1,
};
