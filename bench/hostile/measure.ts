import { setTimeout as delay } from "node:timers/promises";

import { median } from "../ratio.ts";
import type { Attack } from "./attacks.ts";
import type { Clients } from "./clientProcess.ts";
import type { Answers, Done, Work } from "./requests.ts";
import type { HostileRig } from "./rig.ts";

/** Concurrent honest callers. */
const CALLERS = 16;

/** A phase begins with a burst, which is not what an attack that goes on is like. */
const LEAD_MS = 250;

/** Slow requests need longer phases to show what they do all the time. */
const SLOW_LENGTH = 4;

/** Loopback has many addresses: strangers do not share one with the honest callers. */
const ADDRESS = { honest: "127.0.0.1", stranger: "127.0.0.2" };

/** Mining takes the machine's time too, which a stranger's transactions elsewhere would not. */
const ON_CHAIN_PAUSE_MS = 200;

export interface Phase {
  readonly honest: Done;
  /** `null` without strangers */
  readonly strangers: Done | null;
}

export interface Measured {
  /** one of each for each round; without strangers in every second round only */
  readonly alone: readonly Phase[];
  readonly attacked: readonly Phase[];
  readonly compared: readonly Phase[];
}

interface PhaseWork {
  /** `null` without strangers */
  readonly work: Work | null;
  readonly onChain?: (() => Promise<void>) | undefined;
  /** as part of the usual time */
  readonly length: number;
}

export interface MeasureDeps {
  readonly rig: HostileRig;
  readonly honest: Clients;
  readonly strangers: Clients;
  readonly phaseMs: number;
}

/**
 * Measures honest callers under the attack, and with as many trivially refused requests a second.
 * Many short phases in turns, each first in every second round, so that a machine that gets slower
 * or faster meanwhile disturbs both alike.
 */
export async function measureAttack(
  deps: MeasureDeps,
  attack: Attack,
  rounds: number,
): Promise<Measured> {
  const measured = { alone: [] as Phase[], attacked: [] as Phase[], compared: [] as Phase[] };
  const { onChain, work } = attack;
  const length = attack.isSlow ? SLOW_LENGTH : 1;
  const steps = {
    alone: async () => void measured.alone.push(await phase(deps, { work: null, length: 1 })),
    attacked: async () => {
      const attacked = await phase(deps, { work, onChain: onChain?.attack, length });
      measured.attacked.push(attacked);
    },
    compared: async () => {
      const perSecond = Math.max(1, mean(measured.attacked.map(({ strangers }) => strangers)));
      const { clients } = work;
      const trivial: Work = { kind: "requests", requests: attack.trivial, clients, perSecond };
      const compared = { work: trivial, onChain: onChain?.compared, length };
      measured.compared.push(await phase(deps, compared));
    },
  };
  for (let round = 0; round < rounds; round++) {
    const order =
      round % 2 === 0
        ? [steps.alone, steps.attacked, steps.compared]
        : [steps.compared, steps.attacked];
    for (const step of order) {
      // oxlint-disable-next-line no-await-in-loop -- phases must not disturb each other
      await step();
    }
  }
  return measured;
}

/**
 * Says what is wrong with the answers to an attack: one that is refused before the work that it is
 * about measures nothing.
 */
export function wrongAnswers(
  { name, answers: expected }: Attack,
  { attacked }: Measured,
): readonly string[] {
  const answers = sumOf(attacked.map(({ strangers }) => strangers?.answers ?? {}));
  const got = Object.keys(answers);
  if (got.length > 0 && got.every((answer) => expected.includes(answer))) return [];
  const wanted = expected.join(" or ");
  return [`the attack ${name} must be answered ${wanted}, and not ${JSON.stringify(answers)}`];
}

export function sumOf(all: readonly Answers[]): Answers {
  const sum: Record<string, number> = {};
  for (const answers of all) {
    for (const [answer, count] of Object.entries(answers)) {
      sum[answer] = (sum[answer] ?? 0) + count;
    }
  }
  return sum;
}

function mean(phases: readonly (Done | null)[]): number {
  return phases.reduce((sum, done) => sum + (done?.perSecond ?? 0), 0) / phases.length;
}

async function phase(
  { rig, honest, strangers, phaseMs }: MeasureDeps,
  { work, onChain, length }: PhaseWork,
): Promise<Phase> {
  const { url } = rig;
  const leadMs = LEAD_MS * length;
  if (work !== null) strangers.start({ url, from: ADDRESS.stranger, work, leadMs });
  const debits: Work = {
    kind: "requests",
    requests: rig.honest,
    clients: CALLERS,
    perSecond: null,
  };
  honest.start({ url, from: ADDRESS.honest, work: debits, leadMs });
  const endsAt = Date.now() + leadMs + phaseMs * length;
  while (Date.now() < endsAt) {
    // oxlint-disable-next-line no-await-in-loop -- until the phase is over
    await onChain?.();
    const pauseMs = onChain === undefined ? endsAt - Date.now() : ON_CHAIN_PAUSE_MS;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await delay(Math.max(0, pauseMs));
  }
  const [done, attacked] = await Promise.all([
    honest.stop(),
    work === null ? null : strangers.stop(),
  ]);
  const debited = done.answers["201"] ?? 0;
  if (Object.keys(done.answers).length > 1 || debited === 0) {
    throw new Error(`honest events were not debited: ${JSON.stringify(done.answers)}`);
  }
  return { honest: done, strangers: attacked };
}

/** The median over the rounds of debits per second ÷ those of another phase of the same round. */
export function ratioOf(of: readonly Phase[], to: readonly Phase[]): number {
  return median(of.map((each, n) => each.honest.perSecond / (to[n]?.honest.perSecond ?? 0)));
}

/** Median debits per second ÷ median debits per second of other phases. */
export function ratioOfMedians(of: readonly Phase[], to: readonly Phase[]): number {
  const perSecond = ({ honest }: Phase) => honest.perSecond;
  return medianOf(of, perSecond) / medianOf(to, perSecond);
}

export function medianOf(phases: readonly Phase[], figure: (phase: Phase) => number): number {
  return median(phases.map(figure));
}
