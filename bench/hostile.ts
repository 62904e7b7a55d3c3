/**
 * `npm run bench:hostile`: what strangers leave of the honest callers' debits, compared in one run
 * with as many requests that the server refuses by their path alone.
 */
import { UsageError, readOptions, run } from "@compute-credits/platform/process/commandLine";
import { type Attack, prepareAttacks } from "./hostile/attacks.ts";
import { startClients } from "./hostile/clientProcess.ts";
import {
  type Measured,
  type Phase,
  measureAttack,
  medianOf,
  ratioOf,
  ratioOfMedians,
  sumOf,
  wrongAnswers,
} from "./hostile/measure.ts";
import { openHostileRig } from "./hostile/rig.ts";
import { printRatio } from "./ratio.ts";

const HELP = `npm run bench:hostile -- [OPTIONS]

Uses the PostgreSQL at TEST_DATABASE_URL, or starts one, with a server in its own process and a
local chain. Prints, for each attack, debits per second under it ÷ with as many requests a second
that are trivially refused, and ÷ without strangers.

  --only NAME   measures only this attack; can be repeated
  --list        prints the attacks' names
  --help        this text

Fails if an attack is answered otherwise than expected, because it would measure nothing then.

BENCH_ROUNDS=11 measures more pairs of phases; BENCH_SECONDS=2 makes phases longer.`;

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 4);
const PHASE_MS = 1_000 * Number(process.env["BENCH_SECONDS"] ?? 0.8);
const TARGET = 0.7;

const NOTHING: Attack = {
  name: "nothing",
  isTarget: false,
  isSlow: true,
  answers: ["200"],
  trivial: [{ method: "GET", path: "/v1/nowhere" }],
  work: {
    kind: "requests",
    requests: [{ method: "GET", path: "/healthz" }],
    clients: 1,
    perSecond: 1,
  },
};

await run(async () => {
  const { values } = readOptions({
    options: {
      only: { type: "string", multiple: true },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) console.log(HELP);
  else await measureAll(values.only, values.list);
});

async function measureAll(only: readonly string[] | undefined, isList: boolean): Promise<void> {
  const rig = await openHostileRig();
  const [honest, strangers] = [startClients(), startClients()];
  try {
    const attacks = await prepareAttacks(rig);
    const names = attacks.map(({ name }) => name);
    const unknown = only?.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new UsageError(`There is no attack "${unknown}".`);
    if (isList) {
      console.log(names.join("\n"));
      return;
    }
    const deps = { rig, honest, strangers, phaseMs: PHASE_MS };
    const chosen = attacks.filter(({ name }) => only?.includes(name) ?? true);
    const warmUp = chosen[0];
    if (warmUp !== undefined) await measureAttack(deps, NOTHING, 1);
    const results: { attack: Attack; measured: Measured }[] = [];
    const mistakes: string[] = [];
    for (const attack of chosen) {
      // oxlint-disable-next-line no-await-in-loop -- attacks must not disturb each other
      const measured = await measureAttack(deps, attack, ROUNDS);
      results.push({ attack, measured });
      printRow(attack, measured);
      mistakes.push(...wrongAnswers(attack, measured));
    }
    for (const { attack, measured } of results) {
      const { name, isTarget } = attack;
      printRatio(
        `hostile_${name}_vs_alone`,
        ratioOfMedians(measured.attacked, measured.alone),
        "reported",
      );
      printRatio(
        `hostile_${name}`,
        ratioOf(measured.attacked, measured.compared),
        isTarget ? TARGET : "reported",
      );
    }
    if (mistakes.length > 0) throw new UsageError(mistakes.join("\n"));
  } finally {
    honest.end();
    strangers.end();
    await rig.close();
  }
}

function debits(phases: readonly Phase[]): string {
  return (
    `${Math.round(medianOf(phases, ({ honest }) => honest.perSecond))}/s ` +
    `p50 ${medianOf(phases, ({ honest }) => honest.p50).toFixed(0)} ms ` +
    `p99 ${medianOf(phases, ({ honest }) => honest.p99).toFixed(0)} ms`
  );
}

function printRow({ name }: Attack, { alone, attacked, compared }: Measured): void {
  const rate = Math.round(medianOf(attacked, ({ strangers }) => strangers?.perSecond ?? 0));
  const answers = sumOf(attacked.map(({ strangers }) => strangers?.answers ?? {}));
  console.log(
    `${name}: alone ${debits(alone)} · attacked ${debits(attacked)} · ` +
      `refused ${debits(compared)} · ${rate} attacks/s, answered ${JSON.stringify(answers)}`,
  );
}
