import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { capture } from "@compute-credits/client/holds/capture";
import { type Hold, hold } from "@compute-credits/client/holds/hold";
import { release } from "@compute-credits/client/holds/release";
import type { Api } from "@compute-credits/client/http/api";
import type { Caller } from "./caller.ts";
import { type AccessMemory, createAccessMemory } from "./accessMemory.ts";
import type { Line, Lines } from "./lines.ts";
import type { HeldWork, Metering } from "./metering.ts";

/** Charges at a metering server, with a provider's key. Each line is a hold of its own. */
export function createMetering(api: Api): Metering {
  const access = createAccessMemory();

  return {
    async hold({ id, caller, lines, ttlSeconds }, signal) {
      const held: HeldLine[] = [];
      try {
        for (const [name, line] of heldLines(lines)) {
          const work = { id: lineId(id, name), caller, line, ttlSeconds };
          // oxlint-disable-next-line no-await-in-loop -- after a refusal no more is held
          held.push(await holdLine(api, work, { access, signal }));
        }
      } catch (error) {
        const mine = held.filter(({ isNew }) => isNew);
        await Promise.allSettled(mine.map((one) => release(api, { id: one.hold.id })));
        throw error;
      }
      return together(held);
    },

    async capture(id, { lines, used, isEstimated }, signal) {
      const costs = await Promise.all(
        heldLines(lines).map(async ([name]) => {
          const quantity = used[name] ?? 0n;
          const holdId = lineId(id, name);
          if (quantity === 0n) {
            await releaseLine(api, holdId, signal);
            return 0n;
          }
          const eventId = isEstimated ? `${holdId}~estimated` : holdId;
          const captured = await capture(api, { id: holdId, eventId, quantity }, { signal });
          return captured.costMicros;
        }),
      );
      return { costMicros: costs.reduce((sum, cost) => sum + cost, 0n) };
    },

    async release(id, lines, signal) {
      await Promise.all(
        heldLines(lines).map(([name]) => releaseLine(api, lineId(id, name), signal)),
      );
    },
  };
}

interface HeldLine {
  readonly hold: Hold;
  readonly isNew: boolean;
}

interface LineWork {
  readonly id: string;
  readonly caller: Caller;
  readonly line: Line;
  readonly ttlSeconds: number;
}

async function holdLine(
  api: Api,
  { id, caller, line, ttlSeconds }: LineWork,
  { access, signal }: { readonly access: AccessMemory; readonly signal: AbortSignal },
): Promise<HeldLine> {
  let status = 0;
  const send = async (payer: { readonly spender: string } | { readonly apiKey: string }) =>
    await hold(
      api,
      { id, ttlSeconds, ...line, ...payer },
      { signal, onStatus: (code) => void (status = code) },
    );
  const opened = await access.use(caller, send);
  return { hold: opened, isNew: status === 201 };
}

async function releaseLine(api: Api, id: string, signal: AbortSignal): Promise<void> {
  try {
    await release(api, { id }, { signal });
  } catch (error) {
    const { reason } = error instanceof CreditsError ? error : { reason: null };
    if (reason !== "hold_resolved" && reason !== "hold_not_found") throw error;
  }
}

/** The worst of the lines' states, so that a request is never worked on twice. */
function together(held: readonly HeldLine[]): HeldWork {
  const statuses = held.map((one) => one.hold.status);
  return {
    isNew: held.every(({ isNew }) => isNew),
    status:
      (["captured", "open", "expired", "released"] as const).find((status) =>
        statuses.includes(status),
      ) ?? "released",
    capturedMicros: held.reduce((sum, one) => sum + one.hold.capturedMicros, 0n),
  };
}

function heldLines(lines: Lines): [name: string, line: Line][] {
  return Object.entries(lines).filter(([, { quantity }]) => quantity > 0n);
}

function lineId(id: string, name: string): string {
  return `${id}/${name}`;
}
