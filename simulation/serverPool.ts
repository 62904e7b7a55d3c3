import { setTimeout as delay } from "node:timers/promises";

import type { Database } from "@compute-credits/platform/postgres/database";
import type { OwnPostgresServer } from "../scripts/local/postgresServer.ts";
import type { CallName, Calls } from "./calls.ts";
import { type TcpProxy, startTcpProxy, through } from "../scripts/local/tcpProxy.ts";
import { DatabaseUnavailable } from "@compute-credits/platform/postgres/databaseUnavailable";
import { AnswerLostError, ServerProcess, isLost } from "./serverProcess.ts";

/** Longer than a frozen process may keep the locks of a transaction. */
const FROZEN_MS = 4_000;

/** Before each the database answers. One fails if the database goes away meanwhile. */
const START_ATTEMPTS = 10;

/** The answer to a call that was retried until it was answered. */
export interface CallResult<Name extends CallName> {
  readonly output: Calls[Name]["output"];
  /** before the first attempt */
  readonly from: Date;
  /** after the answer */
  readonly until: Date;
  /** attempts whose answer was lost: each may have been executed, at most once */
  readonly lost: number;
}

/**
 * The server processes and their database. Each of them may be killed or frozen at any time. The first
 * process reaches the database through a proxy, whose connections may go silent.
 */
export class ServerPool {
  readonly #url: string;
  readonly #server: OwnPostgresServer;
  readonly #proxy: TcpProxy;
  readonly #processes: (ServerProcess | undefined)[];
  readonly #starts = new Set<Promise<ServerProcess>>();
  /** why the run cannot go on: a server crashed by itself, or did not start */
  #crash: Error | null = null;
  /** resolves when the last outage of the database so far is over */
  #database: Promise<void> = Promise.resolve();
  #turn = 0;
  #isStopped = false;
  /** counts every stop and every restart of the database */
  #outages = 0;
  killedProcesses = 0;
  killedDatabases = 0;
  /** by kind */
  readonly faults: Record<string, number> = {};
  lostAnswers = 0;

  private constructor(server: OwnPostgresServer, url: string, proxy: TcpProxy) {
    this.#server = server;
    this.#url = url;
    this.#proxy = proxy;
    this.#processes = [];
  }

  static async start(server: OwnPostgresServer, url: string, count: number): Promise<ServerPool> {
    const serverPool = new ServerPool(server, url, await startTcpProxy(Number(new URL(url).port)));
    await serverPool.#startAll(count);
    return serverPool;
  }

  async #startAll(count: number): Promise<void> {
    const started = Array.from({ length: count }, (_, place) => this.#startProcess(place));
    this.#processes.splice(0, count, ...(await Promise.all(started)));
  }

  /**
   * Calls one server after another until one answers. Rejects if the ledger throws, or if a server
   * crashes by itself.
   */
  async call<Name extends CallName>(
    name: Name,
    input: Calls[Name]["input"],
  ): Promise<CallResult<Name>> {
    const from = new Date();
    const before = this.#outages;
    for (let lost = 0; ; lost++) {
      if (this.#crash !== null) throw this.#crash;
      try {
        // oxlint-disable-next-line no-await-in-loop -- a retry follows its failed attempt
        const output = await this.#next().call(name, input);
        // A server that groups commits retries by itself if the database goes away.
        const hidden = this.#outages - before;
        return { output, from, until: new Date(), lost: lost + hidden };
      } catch (error) {
        if (!(error instanceof AnswerLostError) || this.#isStopped) throw error;
        this.lostAnswers++;
        // oxlint-disable-next-line no-await-in-loop
        await this.#untilServed();
      }
    }
  }

  /** Waits for the end of an outage, and for a process to start if none runs. */
  async #untilServed(): Promise<void> {
    await this.#database;
    // Yields to the event loop, so that the exit of a killed process is noticed.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#processes.some((process) => process !== undefined)) return;
    // A failed start has set `#crash`.
    if (this.#starts.size > 0) await Promise.race(this.#starts).catch(() => undefined);
  }

  /**
   * Kills a server process under load and starts another in its place. Takes the next one if that
   * of this index is starting, and none if all are.
   */
  async killProcess(index: number): Promise<void> {
    const count = this.#processes.length;
    const places = Array.from({ length: count }, (_, step) => (index + step) % count);
    const place = places.find((candidate) => this.#processes[candidate] !== undefined);
    const victim = place === undefined ? undefined : this.#processes[place];
    if (place === undefined || victim === undefined) return;
    this.#processes[place] = undefined;
    this.killedProcesses++;
    await victim.kill();
    await this.#database;
    this.#processes[place] = await this.#startProcess(place);
  }

  /** Stops a server process for seconds, in the middle of whatever it does. */
  async freezeProcess(index: number): Promise<void> {
    const victim = this.#processes[index];
    if (victim === undefined) return;
    this.#countFault("frozen processes");
    victim.freeze();
    await delay(FROZEN_MS);
    victim.thaw();
    this.#outages++;
  }

  /** Stops PostgreSQL for seconds. */
  async freezeDatabase(): Promise<void> {
    await this.#whileAway(async () => {
      this.#countFault("frozen databases");
      this.#server.freeze();
      await delay(FROZEN_MS);
      this.#server.thaw();
    });
  }

  /** The first process's connections stay open, and nothing passes them any more. */
  silence(): void {
    this.#countFault("silences");
    this.#proxy.silence();
  }

  /** Ends all processes and PostgreSQL, does something to its files, and starts all again. */
  async whileStopped(
    name: string,
    onFiles: (server: OwnPostgresServer) => void,
    beforeStart: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const count = this.#processes.length;
    await Promise.all(this.#processes.flatMap((process) => process?.kill() ?? []));
    await this.#database;
    await this.#server.kill();
    onFiles(this.#server);
    await this.#server.restart();
    this.#countFault(name);
    this.#processes.fill(undefined);
    await beforeStart();
    await this.#startAll(count);
  }

  #countFault(kind: string): void {
    this.faults[kind] = (this.faults[kind] ?? 0) + 1;
    this.#outages++;
  }

  /** Kills PostgreSQL under load and restarts it on the same files. */
  async killDatabase(): Promise<void> {
    await this.#whileAway(async () => {
      this.killedDatabases++;
      this.#outages++;
      await this.#server.kill();
      await this.#server.restart();
    });
  }

  /** Runs an outage of the database after those before it: one at a time. */
  #whileAway(outage: () => Promise<void>): Promise<void> {
    const ended = this.#database.then(outage).finally(() => this.#outages++);
    this.#database = ended.catch((error: unknown) => this.#fail(error));
    return ended;
  }

  #fail(error: unknown): void {
    this.#crash ??= error instanceof Error ? error : new Error(String(error));
  }

  /**
   * Wraps a database so that queries are retried after a kill. Only for reads and writes that may
   * run twice.
   */
  withRetries(database: Database): Database {
    const retry = async <T>(attempt: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          // oxlint-disable-next-line no-await-in-loop -- attempts are sequential
          await this.#database;
          // oxlint-disable-next-line no-await-in-loop
          return await attempt();
        } catch (error) {
          const code = error instanceof Error && "code" in error ? String(error.code) : "";
          const isKnown = !(error instanceof DatabaseUnavailable) && !isLost(code, String(error));
          if (isKnown || this.#isStopped || this.#crash !== null) throw error;
        }
      }
    };
    return {
      ...database,
      query: (text, values) => retry(() => database.query(text, values)),
      transaction: (work, options) => retry(() => database.transaction(work, options)),
    };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#processes.flatMap((process) => process?.kill() ?? []));
    await this.#proxy.stop();
  }

  #next(): ServerProcess {
    for (let tries = 0; tries < this.#processes.length; tries++) {
      const process = this.#processes[this.#turn++ % this.#processes.length];
      if (process !== undefined) return process;
    }
    throw new AnswerLostError("no server process is running");
  }

  async #startProcess(place: number): Promise<ServerProcess> {
    const started = this.#tryToStart(place);
    this.#starts.add(started);
    try {
      return await started;
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      this.#starts.delete(started);
    }
  }

  async #tryToStart(place: number): Promise<ServerProcess> {
    const url = place === 0 ? through(this.#proxy, this.#url) : this.#url;
    for (let tries = 1; ; tries++) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- a process needs the database
        await this.#database;
        // oxlint-disable-next-line no-await-in-loop
        await this.#server.untilAnswers();
        // oxlint-disable-next-line no-await-in-loop
        return await ServerProcess.start(url, (error) => this.#fail(error));
      } catch (error) {
        // The database went away meanwhile, and a manager of processes tries again.
        if (tries === START_ATTEMPTS) throw error;
      }
    }
  }
}
