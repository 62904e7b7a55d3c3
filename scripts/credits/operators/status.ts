import { readVault } from "@compute-credits/client/chain/readLens";
import { readReadiness } from "@compute-credits/client/deployment/readReadiness";
import { choice, withDefault } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

export const statusVerb = verb({
  name: "status",
  reader: "operator",
  summary: "Shows whether the server can work, and its terms",
  details:
    "The exit code is 1 if it cannot. --part metering asks about debits only, and --part chain about " +
    "purchases and checkpoints.",
  examples: ["status --server https://meter.example", "status --part metering"],
  asks: null,
  options: {
    part: withDefault(choice("all", "metering", "chain"), "which part of its work", "all"),
  },
  async run(context, { part }) {
    const [readiness, { domain, terms, feeBps, limits }] = await Promise.all([
      readReadiness(context.publicApi, { part }),
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
    const { status, checks } = await readReadiness(context.publicApi);
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
