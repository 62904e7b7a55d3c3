import { createApi } from "@compute-credits/client/http/api";
import { DEFAULT_RETRIES } from "@compute-credits/client/http/retries";
import { createCharging, type Charging, type Opened } from "./createCharging.ts";
import { createMetering } from "./createMetering.ts";
import { type Incoming, type WalletOptions, identify } from "./identify.ts";
import type { Lines } from "./lines.ts";
import type { Metering } from "./metering.ts";

export interface CreditsOptions {
  /** the metering server's address */
  readonly server: string;
  /** the provider's key (`ccpk_…`) */
  readonly key: string;
  /** lets wallets sign their requests; by default only API keys are taken */
  readonly wallets?: WalletOptions;
  /** milliseconds that a request waits for its hold, before it is refused: by default 5,000 */
  readonly holdTimeoutMs?: number;
  /** milliseconds that an answer waits for its charge, before it leaves: by default 2,000 */
  readonly settleWaitMs?: number;
  /** told of what the provider has to mend, and of charges that failed: by default a warning */
  readonly onError?: (error: unknown) => void;
  /** in place of the server and its key, for tests */
  readonly metering?: Metering;
}

/** What a service is, whatever frame it is written for. */
export interface Service {
  /** Finds out who asks, and holds the cost of the work. Never rejects. */
  open(incoming: Incoming, work: ServiceWork): Promise<Opened>;
  settled: Charging["settled"];
  readonly onError: (error: unknown) => void;
}

export interface ServiceWork {
  readonly lines: Lines;
  /** seconds that the work may take; by default 120 */
  readonly mostSeconds?: number | undefined;
}

/** Seconds that a hold lasts at a time: servers allow so much, and a process that dies holds no longer. */
const HOLD_SECONDS = 120;

/** Throws a `CreditsError` (`invalid_input`) unless `server` is a whole address. */
export function createService(options: CreditsOptions): Service {
  const { wallets = null, onError = warn } = options;
  const charging = createCharging({
    metering: options.metering ?? createMetering(apiOf(options)),
    holdTimeoutMs: options.holdTimeoutMs ?? 5_000,
    settleWaitMs: options.settleWaitMs ?? 2_000,
    onError,
  });
  return {
    onError,
    async open(incoming, { lines, mostSeconds = HOLD_SECONDS }) {
      const caller = await identify(incoming, wallets);
      if ("problem" in caller) return { refusal: caller };
      const { method, target, header } = incoming;
      const [path = "/"] = target.split("?");
      return await charging.open({
        caller,
        lines,
        ttlSeconds: Math.min(mostSeconds, HOLD_SECONDS),
        mostSeconds,
        key: caller.kind === "wallet" ? caller.requestId : (header("idempotency-key") ?? null),
        path: `${method} ${path}`,
        resource: wallets === null ? path : new URL(path, wallets.origin).href,
      });
    },
    settled: () => charging.settled(),
  };
}

/** A second try for a connection that the server closed just as it was used: charges retry themselves. */
function apiOf({ server, key }: CreditsOptions) {
  return createApi(server, { key, retries: { ...DEFAULT_RETRIES, tries: 2, longestWaitMs: 500 } });
}

function warn(error: unknown): void {
  console.warn("A charge failed:", error);
}
