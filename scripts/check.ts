/**
 * The quick half of `npm test`: formatting, types, lint, generated docs, the API's description,
 * compiled contracts. All run; any failure fails the whole.
 */
import { spawnSync } from "node:child_process";

const checks = [
  ["prettier", "--check", "--log-level", "warn", "."],
  ["tsc", "--project", "tsconfig.json"],
  ["tsc", "--project", "dashboard/tsconfig.json"],
  ["oxlint", "--deny-warnings"],
  ["solhint", "--max-warnings", "0", "contracts/**/*.sol"],
  ["node", "scripts/docs.ts", "--check"],
  ["redocly", "lint", "--config", "config/redocly.yaml", "packages/api/openapi.json"],
  ["node", "scripts/compiled.ts", "--check"],
] as const;

/** A linter has nothing to report to anyone. */
const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };

const failed = checks.filter(([command, ...args]) => {
  const { status } = spawnSync(command, args, { stdio: "inherit", env });
  return status !== 0;
});

if (failed.length > 0) {
  console.error(`failed: ${failed.map((command) => command.join(" ")).join(", ")}`);
  process.exitCode = 1;
}
