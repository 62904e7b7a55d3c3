import type { Database } from "@compute-credits/platform/postgres/database";
import type { OwnPostgresServer } from "../scripts/local/postgresServer.ts";
import type { CallName, Calls } from "./calls.ts";
import { AnswerLostError, ServerProcess, isLost } from "./serverProcess.ts";

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

/** The server processes and their database. Each of them may be killed at any time. */
export class ServerPool {
  readonly #url: string;
  readonly #server: OwnPostgresServer;
  readonly #processes: (ServerProcess | undefined)[];
  readonly #crash = Promise.withResolvers<never>();
  #database: Promise<void> = Promise.resolve();
  #turn = 0;
  #isStopped = false;
  /** counts every stop and every restart of the database */
  #outages = 0;
  killedProcesses = 0;
  killedDatabases = 0;
  lostAnswers = 0;

  private constructor(server: OwnPostgresServer, url: string, processes: ServerProcess[]) {
    this.#server = server;
    this.#url = url;
    this.#processes = processes;
    this.#crash.promise.catch(() => undefined);
  }

  static async start(server: OwnPostgresServer, url: string, count: number): Promise<ServerPool> {
    const processes: ServerProcess[] = [];
    const serverPool = new ServerPool(server, url, processes);
    const started = Array.from({ length: count }, () => serverPool.#startProcess());
    processes.push(...(await Promise.all(started)));
    return serverPool;
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
      try {
        // oxlint-disable-next-line no-await-in-loop -- a retry follows its failed attempt
        const output = await Promise.race([this.#crash.promise, this.#next().call(name, input)]);
        // A server that groups commits retries by itself if the database goes away.
        const hidden = this.#outages - before;
        return { output, from, until: new Date(), lost: lost + hidden };
      } catch (error) {
        if (!(error instanceof AnswerLostError) || this.#isStopped) throw error;
        this.lostAnswers++;
        // oxlint-disable-next-line no-await-in-loop -- no server answers without the database
        await this.#database;
        // Yields to the event loop, so that the exit of a killed process is noticed.
        // oxlint-disable-next-line no-await-in-loop
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
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
    this.#processes[place] = await this.#startProcess();
  }

  /** Kills PostgreSQL under load and restarts it on the same files. */
  async killDatabase(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    await this.#database;
    this.#database = promise;
    this.killedDatabases++;
    this.#outages++;
    try {
      await this.#server.kill();
      await this.#server.restart();
    } finally {
      this.#outages++;
      resolve();
    }
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
          if (!isLost(code, String(error)) || this.#isStopped) throw error;
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
  }

  #next(): ServerProcess {
    for (let tries = 0; tries < this.#processes.length; tries++) {
      const process = this.#processes[this.#turn++ % this.#processes.length];
      if (process !== undefined) return process;
    }
    throw new AnswerLostError("no server process is running");
  }

  async #startProcess(): Promise<ServerProcess> {
    for (;;) {
      const kills = this.killedDatabases;
      try {
        // oxlint-disable-next-line no-await-in-loop -- a process needs the database
        await this.#database;
        // oxlint-disable-next-line no-await-in-loop
        return await ServerProcess.start(this.#url, (error) => this.#crash.reject(error));
      } catch (error) {
        // A server does not start without its database, so retry if that was killed in the
        // meantime.
        if (kills === this.killedDatabases) throw error;
      }
    }
  }
}
