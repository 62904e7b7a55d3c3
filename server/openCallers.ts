import type { Database } from "@compute-credits/platform/postgres/database";
import type { Config } from "./config.ts";
import { type Origins, createOrigins } from "./http/origins.ts";
import { type Identify, type IdentifyDeps, createIdentify } from "./http/principal.ts";
import type { KeyDetailStore } from "./stores/keys/keyDetailStore.ts";
import { type LastUses, createLastUses } from "./stores/keys/lastUses.ts";
import { createKeyDetailStore } from "./stores/keys/postgresKeyDetailStore.ts";
import { createViewKeyStore } from "./stores/keys/postgresViewKeyStore.ts";
import type { ViewKeyStore } from "./stores/keys/viewKeyStore.ts";
import { createSessionStore } from "./stores/sessions/postgresSessionStore.ts";
import type { SessionStore } from "./stores/sessions/sessionStore.ts";

/** What tells who sends a request, and what a caller may look up about its own credentials. */
export interface Callers {
  readonly identify: Identify;
  readonly sessions: SessionStore;
  readonly viewKeys: ViewKeyStore;
  readonly keyDetails: KeyDetailStore;
  /** last uses of keys of all kinds */
  readonly keyUses: LastUses;
  readonly sessionUses: LastUses;
  readonly origins: Origins;
  /** origins of other pages that may call the server with a session */
  readonly allowedOrigins: readonly string[];
  /** life of a session */
  readonly sessionSeconds: number;
}

export interface CallerDeps extends Pick<IdentifyDeps, "providers" | "issuingKeys" | "chain"> {
  readonly database: Database;
  /** for lists */
  readonly reads: Database;
}

export function openCallers(
  {
    publicOrigins,
    allowedOrigins,
    sessionSeconds,
    operators,
    dashboard,
  }: Pick<
    Config,
    "publicOrigins" | "allowedOrigins" | "sessionSeconds" | "operators" | "dashboard"
  >,
  { database, reads, providers, issuingKeys, chain }: CallerDeps,
): Callers {
  const sessions = createSessionStore(database);
  const viewKeys = createViewKeyStore(database);
  const keyDetails = createKeyDetailStore(database, reads);
  const keyUses = createLastUses((uses) => keyDetails.recordUses(uses));
  const sessionUses = createLastUses((uses) => sessions.recordUses(uses));
  const origins = createOrigins({ publicOrigins, allowedOrigins, frames: dashboard.frames });
  const identify = createIdentify({
    sessions,
    providers,
    issuingKeys,
    viewKeys,
    chain,
    origins,
    operators,
    keyUses,
    sessionUses,
  });
  return {
    identify,
    sessions,
    viewKeys,
    keyDetails,
    keyUses,
    sessionUses,
    origins,
    allowedOrigins,
    sessionSeconds,
  };
}
