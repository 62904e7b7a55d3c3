import { randomUUID } from "node:crypto";

import type { MeteringClient } from "@compute-credits/client/http/meteringClient";

/** Quantities by meter. */
export type Measured = Readonly<Record<string, number>>;

/** Longer than a job takes. */
const HOLD_SECONDS = 120;

type Metering = Pick<MeteringClient, "hold" | "capture" | "release">;

/**
 * Sets the most that a job may cost aside, does the job, and charges what it took, at most what is
 * held. If the credits do not suffice, the job is not begun; if it fails, nothing is charged.
 */
export async function paidWork<Work>(
  metering: Metering,
  { apiKey, most }: { readonly apiKey: string; readonly most: Measured },
  job: () => { readonly work: Work; readonly took: Measured },
): Promise<{ readonly work: Work; readonly costMicros: bigint }> {
  const id = randomUUID();
  const held: string[] = [];
  try {
    for (const [meter, quantity] of Object.entries(most)) {
      // oxlint-disable-next-line no-await-in-loop -- after a refusal no more is held
      await metering.hold({
        id: `${id}/${meter}`,
        apiKey,
        meter,
        quantity,
        ttlSeconds: HOLD_SECONDS,
      });
      held.push(meter);
    }
    const { work, took } = job();
    let costMicros = 0n;
    for (const [meter, limit] of Object.entries(most)) {
      const quantity = Math.min(took[meter] ?? 0, limit);
      const eventId = `${id}/${meter}/done`;
      // oxlint-disable-next-line no-await-in-loop -- three
      const captured = await metering.capture(`${id}/${meter}`, { eventId, quantity });
      held.splice(held.indexOf(meter), 1);
      costMicros += captured.costMicros;
    }
    return { work, costMicros };
  } catch (error) {
    // One that cannot be released now ends by itself.
    await Promise.allSettled(held.map((meter) => metering.release(`${id}/${meter}`)));
    throw error;
  }
}
