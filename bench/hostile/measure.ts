import { setTimeout as delay } from "node:timers/promises";

import { median } from "../ratio.ts";
import type { Attack } from "./attacks.ts";
import type { Clients } from "./clientProcess.ts";
import { type Done, type Work, get } from "./requests.ts";
import type { HostileRig } from "./rig.ts";

/** Concurrent honest callers. */
const CALLERS = 16;

/** Loopback has many addresses: strangers do not share one with the honest callers. */
const ADDRESS = { honest: "127.0.0.1", stranger: "127.0.0.2" };

/** Requests that the server refuses by their path alone. */
const TRIVIAL = [get("/v1/nowhere")];

export interface Phase {
  readonly honest: Done;
  /** `null` without strangers */
  readonly strangers: Done | null;
}

export interface Measured {
  /** one of each for each round */
  readonly alone: readonly Phase[];
  readonly attacked: readonly Phase[];
  readonly compared: readonly Phase[];
}

export interface MeasureDeps {
  readonly rig: HostileRig;
  readonly honest: Clients;
  readonly strangers: Clients;
  readonly phaseMs: number;
}

/**
 * Measures honest callers without strangers, under the attack, and with as many trivially refused
 * requests a second, in turns.
 */
export async function measureAttack(
  deps: MeasureDeps,
  attack: Attack,
  rounds: number,
): Promise<Measured> {
  const measured = { alone: [] as Phase[], attacked: [] as Phase[], compared: [] as Phase[] };
  for (let round = 0; round < rounds; round++) {
    // oxlint-disable-next-line no-await-in-loop -- phases must not disturb each other
    measured.alone.push(await phase(deps, null));
    // oxlint-disable-next-line no-await-in-loop -- as above
    const attacked = await phase(deps, attack.work, attack.onChain);
    measured.attacked.push(attacked);
    const perSecond = Math.max(1, attacked.strangers?.perSecond ?? 1);
    const { clients } = attack.work;
    const trivial: Work = { kind: "requests", requests: TRIVIAL, clients, perSecond };
    // oxlint-disable-next-line no-await-in-loop -- as above
    measured.compared.push(await phase(deps, trivial));
  }
  return measured;
}

async function phase(
  { rig, honest, strangers, phaseMs }: MeasureDeps,
  work: Work | null,
  onChain?: () => Promise<void>,
): Promise<Phase> {
  if (work !== null) strangers.start({ url: rig.url, from: ADDRESS.stranger, work });
  honest.start({
    url: rig.url,
    from: ADDRESS.honest,
    work: { kind: "requests", requests: rig.honest, clients: CALLERS, perSecond: null },
  });
  const endsAt = Date.now() + phaseMs;
  while (Date.now() < endsAt) {
    // oxlint-disable-next-line no-await-in-loop -- until the phase is over
    await (onChain?.() ?? delay(Math.max(0, endsAt - Date.now())));
  }
  const [done, attacked] = await Promise.all([
    honest.stop(),
    work === null ? null : strangers.stop(),
  ]);
  const debited = done.statuses[201] ?? 0;
  if (debited < done.requests) {
    throw new Error(`honest events were not debited: ${JSON.stringify(done.statuses)}`);
  }
  return { honest: done, strangers: attacked };
}

/** The median over the rounds of debits per second ÷ those of another phase of the same round. */
export function ratioOf(of: readonly Phase[], to: readonly Phase[]): number {
  return median(of.map((each, n) => each.honest.perSecond / (to[n]?.honest.perSecond ?? 0)));
}

export function medianOf(phases: readonly Phase[], figure: (phase: Phase) => number): number {
  return median(phases.map(figure));
}
