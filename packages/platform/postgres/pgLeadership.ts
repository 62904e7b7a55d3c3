import { Client } from "pg";

import type { Leadership } from "./leadership.ts";
import { ADVISORY_LOCK } from "./advisoryLocks.ts";

/** Often enough that the server never thinks that the leader has gone. */
const HEARTBEAT_MS = 1_000;

/**
 * The lock goes with its connection. PostgreSQL ends a connection at once where the process dies, and after some seconds of
 * silence where it hangs or its machine is gone.
 */
export const LEADER_SESSION =
  "-c idle_session_timeout=5s -c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3";

/**
 * Leads while it holds an advisory lock, on a connection of its own. The connection must reach the server itself: a pooler
 * that shares connections between transactions cannot keep such a lock.
 */
export function createPgLeadership(url: string): Leadership {
  let client: Client | null = null;
  let holds = false;
  let heartbeat: NodeJS.Timeout | undefined;

  async function connect(): Promise<Client> {
    const fresh = new Client({
      connectionString: url,
      options: LEADER_SESSION,
      connectionTimeoutMillis: 5_000,
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

  function drop(broken: Client): void {
    if (client !== broken) return;
    client = null;
    holds = false;
    clearInterval(heartbeat);
    // It may be half open: ending it lets PostgreSQL give the lock away.
    broken.end().catch(() => undefined);
  }

  return {
    async isLeader() {
      const session = client ?? (await connect());
      try {
        if (holds) {
          // The answer comes over the connection that holds the lock: while it comes, nobody else has it.
          await session.query("select");
        } else {
          const { rows } = await session.query<{ taken: boolean }>(
            "select pg_try_advisory_lock($1) as taken",
            [ADVISORY_LOCK.settler],
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
