import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { capture } from "@compute-credits/client/holds/capture";
import { extendHold } from "@compute-credits/client/holds/extendHold";
import { hold } from "@compute-credits/client/holds/hold";
import { release } from "@compute-credits/client/holds/release";
import type { Api } from "@compute-credits/client/http/api";
import { createAccessMemory } from "./accessMemory.ts";
import type { Line, Lines } from "./lines.ts";
import type { Metering } from "./metering.ts";

/** Charges at a metering server, with a provider's key. A request's lines share one hold. */
export function createMetering(api: Api): Metering {
  const access = createAccessMemory();

  return {
    async hold({ id, caller, lines, ttlSeconds }, signal) {
      let status = 0;
      const work = {
        id,
        ttlSeconds,
        lines: heldLines(lines).map(([name, line]) => ({ ...line, id: name })),
      };
      const options = { signal, onStatus: (code: number) => void (status = code) };
      const opened = await access.use(
        caller,
        async (payer) => await hold(api, { ...work, ...payer }, options),
      );
      const { status: state, capturedMicros } = opened;
      return { isNew: status === 201, status: state, capturedMicros };
    },

    async extend(id, { extension, ttlSeconds }, signal) {
      await extendHold(api, { holdId: id, id: extension, ttlSeconds }, { signal });
    },

    async capture(id, { lines, used, isEstimated }, signal) {
      const captured = heldLines(lines).flatMap(([name]) => {
        const quantity = used[name] ?? 0n;
        const eventId = `${id}/${name}${isEstimated ? ESTIMATED : ""}`;
        return quantity > 0n ? [{ id: name, eventId, quantity }] : [];
      });
      const { costMicros, hold: after } = await capture(api, { id, lines: captured }, { signal });
      return { costMicros, remainingMicros: after.remainingMicros };
    },

    async release(id, signal) {
      try {
        const { remainingMicros } = await release(api, { id }, { signal });
        return { remainingMicros };
      } catch (error) {
        const { reason } = error instanceof CreditsError ? error : { reason: null };
        if (reason !== "hold_resolved" && reason !== "hold_not_found") throw error;
        return { remainingMicros: null };
      }
    },
  };
}

/** Ends the id of an event whose quantity the provider counted, because nothing told it. */
const ESTIMATED = "~estimated";

function heldLines(lines: Lines): [name: string, line: Line][] {
  return Object.entries(lines).filter(([, { quantity }]) => quantity > 0n);
}
