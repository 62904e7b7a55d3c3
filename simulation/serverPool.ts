import type { Database } from "@compute-credits/platform/postgres/database";
import type { OwnPostgresServer } from "../scripts/local/postgresServer.ts";
import type { CallName, Calls } from "./calls.ts";
import { AnswerLost, ServerProcess, isLost } from "./workerPool.ts";

/** What came of a call that was made until it was answered. */
export interface Performed<Name extends CallName> {
  readonly output: Calls[Name]["output"];
  /** before the first try */
  readonly from: Date;
  /** after the answer */
  readonly until: Date;
  /** tries whose answer was lost: each may have been carried out, once at most */
  readonly lost: number;
}

/** The server processes, and the database under them, of which any may be killed at any time. */
export class ServerPool {
  readonly #url: string;
  readonly #server: OwnPostgresServer;
  readonly #members: (ServerProcess | undefined)[];
  readonly #crashed = Promise.withResolvers<never>();
  #database: Promise<void> = Promise.resolve();
  #turn = 0;
  #isStopped = false;
  /** each time that the database goes or comes back */
  #disturbances = 0;
  killedProcesses = 0;
  killedDatabases = 0;
  lostAnswers = 0;

  private constructor(server: OwnPostgresServer, url: string, members: ServerProcess[]) {
    this.#server = server;
    this.#url = url;
    this.#members = members;
    this.#crashed.promise.catch(() => undefined);
  }

  static async start(server: OwnPostgresServer, url: string, count: number): Promise<ServerPool> {
    const members: ServerProcess[] = [];
    const serverPool = new ServerPool(server, url, members);
    const started = Array.from({ length: count }, () => serverPool.#startProcess());
    members.push(...(await Promise.all(started)));
    return serverPool;
  }

  /** Asks one server after the other until one answers. Rejects where the ledger throws, or a server dies by itself. */
  async perform<Name extends CallName>(
    name: Name,
    input: Calls[Name]["input"],
  ): Promise<Performed<Name>> {
    const from = new Date();
    const before = this.#disturbances;
    for (let lost = 0; ; lost++) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- a retry comes after what it repeats
        const output = await Promise.race([this.#crashed.promise, this.#next().call(name, input)]);
        // A server that shares commits tries again by itself where the database went away.
        const hidden = this.#disturbances - before;
        return { output, from, until: new Date(), lost: lost + hidden };
      } catch (error) {
        if (!(error instanceof AnswerLost) || this.#isStopped) throw error;
        this.lostAnswers++;
        // oxlint-disable-next-line no-await-in-loop -- there is nobody to ask before
        await this.#database;
        // A turn of the event loop, so that a process that just ended is seen as ended.
        // oxlint-disable-next-line no-await-in-loop
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  /** Kills a server process under load, and starts another in its place. */
  async killProcess(index: number): Promise<void> {
    const place = index % this.#members.length;
    const victim = this.#members[place];
    if (victim === undefined) return;
    this.#members[place] = undefined;
    this.killedProcesses++;
    await victim.kill();
    await this.#database;
    this.#members[place] = await this.#startProcess();
  }

  /** Kills PostgreSQL under load; it comes back on the same files. */
  async killDatabase(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    await this.#database;
    this.#database = promise;
    this.killedDatabases++;
    this.#disturbances++;
    try {
      await this.#server.kill();
      await this.#server.restart();
    } finally {
      this.#disturbances++;
      resolve();
    }
  }

  /** The database, for one who only reads, or writes what may be written twice: tries again where it was killed. */
  steady(database: Database): Database {
    const again = async <T>(attempt: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
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
      query: (text, values) => again(() => database.query(text, values)),
      transaction: (work, options) => again(() => database.transaction(work, options)),
    };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#members.flatMap((member) => member?.kill() ?? []));
  }

  #next(): ServerProcess {
    for (let tries = 0; tries < this.#members.length; tries++) {
      const member = this.#members[this.#turn++ % this.#members.length];
      if (member !== undefined) return member;
    }
    throw new AnswerLost("no server process is there");
  }

  async #startProcess(): Promise<ServerProcess> {
    for (;;) {
      const kills = this.killedDatabases;
      try {
        // oxlint-disable-next-line no-await-in-loop -- the database before the process
        await this.#database;
        // oxlint-disable-next-line no-await-in-loop
        return await ServerProcess.start(this.#url, (error) => this.#crashed.reject(error));
      } catch (error) {
        // A server does not start without its database; whoever runs it starts it again.
        if (kills === this.killedDatabases) throw error;
      }
    }
  }
}
