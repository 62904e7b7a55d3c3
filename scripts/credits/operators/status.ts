import { getReadiness } from "@compute-credits/api/deployment/health";
import { readVault } from "@compute-credits/client/chain/readLens";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

export const statusVerb = verb({
  name: "status",
  reader: "operator",
  summary: "Shows whether the server can work, and its terms",
  details: "The exit code is 1 if it cannot.",
  examples: ["status --server https://meter.example"],
  asks: null,
  options: {},
  async run(context) {
    const [readiness, { domain, terms, feeBps, limits }] = await Promise.all([
      context.publicApi.call(getReadiness, {}),
      context.deployment(),
    ]);
    const facts = { ...readiness, domain, terms, feeBps };
    return {
      ...show({ ...facts, limits }, humanLines(facts)),
      hasFailed: readiness.status !== "ready",
    };
  },
});

export const alarmsVerb = verb({
  name: "alarms",
  reader: "operator",
  summary: "Lists what is wrong, and what must be mended in time",
  details: "The exit code is 1 if there is any.",
  examples: ["alarms --server https://meter.example"],
  asks: null,
  options: {},
  async run(context) {
    const { status, checks } = await context.publicApi.call(getReadiness, {});
    const alarms = checks.filter(({ error, warning }) => error !== null || warning !== undefined);
    const lines = alarms.map(({ name, error, warning }) => `${name}: ${error ?? warning ?? ""}`);
    return {
      ...show({ status, alarms }, alarms.length === 0 ? ["no alarms"] : lines),
      hasFailed: alarms.length > 0,
    };
  },
});

export const vaultVerb = verb({
  name: "vault",
  reader: "operator",
  summary: "Shows the vault as the chain has it",
  examples: ["vault --server https://meter.example --rpc https://rpc.example"],
  asks: null,
  options: {},
  run: async (context) => show(await readVault(await context.lens())),
});
