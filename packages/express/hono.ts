import type { Context, MiddlewareHandler } from "hono";

import type { Charge } from "./charge/charge.ts";
import type { CreditsOptions } from "./charge/service.ts";
import { type WebChargeOptions, createWebCredits } from "./fetch.ts";

/** Charges the requests of a Hono application. */
export interface HonoCredits {
  /**
   * Holds the cost before the handlers after it run, and charges what the work took. A request that
   * cannot be paid never reaches them.
   */
  charge(options: WebChargeOptions): MiddlewareHandler;
  /** Resolves once every charge is known to the server, or has failed: call it before the end. */
  settled(): Promise<void>;
}

/** Throws a `CreditsError` (`invalid_input`) unless `server` is a whole address. */
export function createHonoCredits(options: CreditsOptions): HonoCredits {
  const credits = createWebCredits(options);
  return {
    charge: (charged) => async (context, next) => {
      const response = await credits.serve(context.req.raw, charged, async (_request, charge) => {
        charges.set(context, charge);
        await next();
        return context.res;
      });
      // Hono merges the headers of a response that stands already: the charged one takes its place.
      context.res = undefined;
      context.res = response;
    },
    settled: () => credits.settled(),
  };
}

/** The charge of the request that is being answered. Throws if `charge` does not stand before. */
export function chargeOf(context: Context): Charge {
  const charge = charges.get(context);
  if (charge !== undefined) return charge;
  throw new Error("this route charges nothing: put credits.charge({ … }) before the handler");
}

const charges = new WeakMap<Context, Charge>();
