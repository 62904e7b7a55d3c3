import type { Leadership } from "./leadership.ts";
import { ADVISORY_LOCK } from "./advisoryLocks.ts";
import { ImpatientClient } from "./impatientClient.ts";

/** Well below `idle_session_timeout`, so that PostgreSQL never ends a live leader's session. */
const HEARTBEAT_MS = 1_000;

/**
 * The lock ends with its session. PostgreSQL ends the session at once if the process dies, and
 * within seconds if the process hangs or its machine disappears.
 */
export const LEADER_SESSION =
  "-c idle_session_timeout=5s -c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3";

/**
 * Creates a leadership based on an advisory lock on a dedicated connection. `url` must reach the
 * server directly: a pooler that shares connections between transactions cannot hold the lock.
 * `isLeader` rejects if the connection fails.
 */
export function createPgLeadership(url: string, lock: number = ADVISORY_LOCK.settler): Leadership {
  let client: ImpatientClient | null = null;
  let holds = false;
  let heartbeat: NodeJS.Timeout | undefined;

  async function connect(): Promise<ImpatientClient> {
    const fresh = new ImpatientClient({
      connectionString: url,
      options: LEADER_SESSION,
      query_timeout: 5_000,
      keepAlive: true,
    });
    fresh.on("error", () => drop(fresh));
    fresh.on("end", () => drop(fresh));
    await fresh.connect();
    client = fresh;
    heartbeat = setInterval(() => {
      fresh.query("select").catch(() => drop(fresh));
    }, HEARTBEAT_MS);
    heartbeat.unref();
    return fresh;
  }

  function drop(broken: ImpatientClient): void {
    if (client !== broken) return;
    client = null;
    holds = false;
    clearInterval(heartbeat);
    // The connection may be half open. Ending it releases the lock.
    broken.end().catch(() => undefined);
  }

  return {
    async isLeader() {
      const session = client ?? (await connect());
      try {
        if (holds) {
          // An answer on this connection proves that its session, and so the lock, still exists.
          await session.query("select");
        } else {
          const { rows } = await session.query<{ taken: boolean }>(
            "select pg_try_advisory_lock($1) as taken",
            [lock],
          );
          holds = rows[0]?.taken === true && client === session;
        }
        return holds;
      } catch (error) {
        drop(session);
        throw error;
      }
    },

    async resign() {
      const session = client;
      client = null;
      holds = false;
      clearInterval(heartbeat);
      await session?.end();
    },
  };
}
