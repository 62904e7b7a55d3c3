import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { Caller } from "./caller.ts";

/** Spenders that are remembered; the one that came first is forgotten first. */
const MOST_REMEMBERED = 10_000;

export type Payer = { readonly apiKey: string } | { readonly spender: string };

export interface AccessMemory {
  /**
   * Asks with the caller's API key once, which gives the provider access, and with its spender from
   * then on, which costs the server less. Shows the key again if the access has gone.
   */
  use<T>(caller: Caller, ask: (payer: Payer) => Promise<T>): Promise<T>;
}

export function createAccessMemory(): AccessMemory {
  const known = new Set<string>();

  function remember(spender: string): void {
    known.add(spender);
    const [oldest] = known;
    if (known.size > MOST_REMEMBERED && oldest !== undefined) known.delete(oldest);
  }

  return {
    async use(caller, ask) {
      if (caller.kind === "wallet") return await ask({ spender: caller.address });
      const { apiKey } = caller;
      const spender = apiKeySpender(apiKey);
      if (known.has(spender)) {
        try {
          return await ask({ spender });
        } catch (error) {
          if (!(error instanceof CreditsError) || error.reason !== "access_not_granted")
            throw error;
          known.delete(spender);
        }
      }
      const answer = await ask({ apiKey });
      remember(spender);
      return answer;
    },
  };
}
