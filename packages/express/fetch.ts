import type { Charge } from "./charge/charge.ts";
import { type Delivery, usedFor } from "./charge/delivery.ts";
import type { Lines, Used } from "./charge/lines.ts";
import type { Refusal } from "./charge/refusal.ts";
import { type CreditsOptions, createService } from "./charge/service.ts";
import { chargeResponse } from "./web/chargeResponse.ts";
import { incomingOf } from "./web/incoming.ts";

export interface WebChargeOptions {
  /** the most that the work may take, known before it begins */
  readonly lines: Lines | ((request: Request) => Lines | Promise<Lines>);
  /**
   * What was really used, asked once the answer has ended, also if the caller left. By default what
   * the handler noted (`charge.add`); if it noted nothing, all of the lines.
   */
  readonly measure?: (request: Request, delivery: Delivery) => Used | Promise<Used>;
  /** seconds that the work may take, by default 120; its hold is extended up to then */
  readonly mostSeconds?: number;
}

/** Serves one request, and notes what it takes. */
export type ChargedHandler = (request: Request, charge: Charge) => Response | Promise<Response>;

/** Charges the requests of fetch handlers: Deno, Bun, Workers, Next.js, Hono. */
export interface WebCredits {
  /** Holds the cost, lets the handler work, and charges what it took. A refusal is the answer. */
  serve(request: Request, options: WebChargeOptions, handler: ChargedHandler): Promise<Response>;
  /** Resolves once every charge is known to the server, or has failed: call it before the end. */
  settled(): Promise<void>;
}

/** Throws a `CreditsError` (`invalid_input`) unless `server` is a whole address. */
export function createWebCredits(options: CreditsOptions): WebCredits {
  const service = createService(options);
  return {
    async serve(request, { lines, measure, mostSeconds }, handler) {
      // A handler may read the body. It is kept only for a wallet's signature.
      const incoming = incomingOf(request);
      const asked = typeof lines === "function" ? await lines(request.clone()) : lines;
      const opened = await service.open(incoming, { lines: asked, mostSeconds });
      if ("refusal" in opened) return refused(opened.refusal);
      const { charge } = opened;
      request.signal.addEventListener("abort", () => charge.abandon(), { once: true });
      let response: Response;
      try {
        response = await handler(request, charge);
      } catch (error) {
        await charge.finish({});
        throw error;
      }
      return await chargeResponse(response, charge, {
        hasLeft: () => request.signal.aborted,
        onError: service.onError,
        usedFor: async (delivery) => {
          const measured = delivery.status < 400 ? await measure?.(request, delivery) : undefined;
          return usedFor(charge, delivery, measured);
        },
      });
    },
    settled: () => service.settled(),
  };
}

function refused({ status, headers, problem }: Refusal): Response {
  return new Response(JSON.stringify(problem), {
    status,
    headers: { ...headers, "content-type": "application/problem+json" },
  });
}
