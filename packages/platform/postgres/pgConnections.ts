import { Pool, type PoolClient, type PoolConfig } from "pg";

import { DatabaseUnavailable, isAnswer } from "./databaseUnavailable.ts";
import { ImpatientClient } from "./impatientClient.ts";
import { CONNECTION_LIMITS, type SessionLimits, sessionOptions } from "./sessionLimits.ts";

/** A pool of connections that replaces those that do not answer. */
export interface PgConnections {
  /** Rejects with `DatabaseUnavailable` if no connection becomes free or ready in time. */
  take(): Promise<PoolClient>;
  /**
   * Gives a connection back. With an error that PostgreSQL did not answer with, ends the connection
   * at once, and those that have been idle since: the same fault may have silenced them.
   */
  giveBack(client: PoolClient, failure?: unknown): void;
  /** Calls back, from now on, whenever the other side ended a connection. */
  onLost(listener: () => void): void;
  close(): Promise<void>;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly connections: number;
  readonly limits: SessionLimits;
  /** more options of each session, in PostgreSQL's form */
  readonly session: string;
  /** for a free connection */
  readonly waitMs: number;
  readonly types: NonNullable<PoolConfig["types"]>;
}

/** Creates a pool. It opens its connections when they are needed. */
export function createPgConnections(options: ConnectionOptions): PgConnections {
  const { url, connections, limits, session, waitMs, types } = options;
  const pool = new Pool({
    connectionString: url,
    max: connections,
    // Lets a transaction's first and last statements go out without waiting for an answer. The
    // driver also ends a pipelined connection at once when an answer is late.
    pipeline: true,
    types,
    options: `${session} ${sessionOptions(limits)}`,
    connectionTimeoutMillis: waitMs,
    query_timeout: limits.answerMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: CONNECTION_LIMITS.keepAliveDelayMs,
    Client: ImpatientClient,
  });
  // The pool replaces an idle connection that breaks. Without a listener the error ends the
  // process.
  pool.on("error", (_error, client) => lost(client));
  const openedAt = new WeakMap<PoolClient, number>();
  const takenAt = new Map<PoolClient, number>();
  /** Their failure is no news, and must not end further connections. */
  const cutOff = new WeakSet<PoolClient>();
  let suspectBefore = Number.NEGATIVE_INFINITY;
  const listeners: (() => void)[] = [];
  /** Their end is this pool's own doing. */
  const ended = new WeakSet<PoolClient>();

  function lost(client: PoolClient): void {
    if (ended.has(client)) return;
    for (const listener of listeners) listener();
  }

  pool.on("connect", (client) => {
    openedAt.set(client, performance.now());
    // A connection that breaks in use ends it too. Its current or next query rejects anyway.
    client.on("error", () => lost(client));
  });

  /**
   * A worker's statement may run for minutes, so its silence alone tells nothing. After a failure of
   * another connection it gets as long as a request has, and then begins again on a new one.
   */
  function cutOffTakenBefore(time: number): void {
    for (const [client, since] of takenAt) {
      if (since >= time || !(client instanceof ImpatientClient)) continue;
      cutOff.add(client);
      ended.add(client);
      client.cutOff();
    }
  }

  /** Ends a connection without a farewell, which a silent server would never answer. */
  function end(client: PoolClient, why: Error): void {
    ended.add(client);
    if (client instanceof ImpatientClient) client.cutOff();
    client.release(why);
  }

  return {
    async take() {
      // Each turn ends a connection, so there are at most as many turns as connections.
      for (let turn = 0; ; turn++) {
        // oxlint-disable-next-line no-await-in-loop -- one connection after the other
        const client = await pool.connect().catch((cause: unknown) => {
          throw new DatabaseUnavailable(cause, "nothing");
        });
        if (turn >= connections || (openedAt.get(client) ?? 0) >= suspectBefore) {
          takenAt.set(client, performance.now());
          return client;
        }
        end(client, new Error("another connection of that time did not answer"));
      }
    },
    giveBack(client, failure) {
      takenAt.delete(client);
      if (failure === undefined || isAnswer(failure)) {
        client.release();
        return;
      }
      end(client, new Error("the connection failed", { cause: failure }));
      if (cutOff.has(client)) return;
      suspectBefore = performance.now();
      setTimeout(cutOffTakenBefore, limits.answerMs, suspectBefore).unref();
    },
    onLost: (listener) => void listeners.push(listener),
    close: () => pool.end(),
  };
}
