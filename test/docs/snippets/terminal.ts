import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { z } from "zod";

import type { RunBlock } from "./blocks.ts";
import type { System } from "./system.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const COMMAND_PROCESS = fileURLToPath(new URL("commandProcess.ts", import.meta.url));

/** What is not a part of a fresh copy. */
const OWN = new Set([".git", ".data", "coverage"]);

/** Where the pages look for the system that `npm start` starts. */
const DEFAULTS = { server: "http://127.0.0.1:8080", rpc: "http://127.0.0.1:8545" };

/** Where a page starts a server of its own. */
const OWN_PORT = "8081";

const Manifest = z.object({ scripts: z.record(z.string(), z.string()) });

/** What a block printed. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A reader's terminal, in a folder that looks like a fresh copy of the repository. */
export interface Terminal {
  run(block: RunBlock): Promise<Ran>;
  close(): Promise<void>;
}

/** Starts what does the pages' commands. `newTerminal` opens a terminal for a page. */
export async function startReading(system: System) {
  const commands = spawn(process.execPath, [COMMAND_PROCESS, JSON.stringify(system)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: commands.stdout })[Symbol.asyncIterator]();
  const { value: port, done } = await lines.next();
  if (done === true) throw new Error("the command process did not start: its error is above");
  const scripts = await npmScripts();
  const ownPort = `${await freePort()}`;

  return {
    newTerminal: () => openTerminal({ ...system, ownPort }, port, scripts),
    async stop(): Promise<void> {
      commands.kill();
      await once(commands, "close");
    },
  };
}

async function openTerminal(
  system: System & { readonly ownPort: string },
  port: string,
  scripts: ReadonlyMap<string, string>,
): Promise<Terminal> {
  const folder = await mkdtemp(join(tmpdir(), "compute-credits-reader-"));
  const names = (await readdir(ROOT)).filter((name) => !OWN.has(name));
  await Promise.all(names.map((name) => symlink(join(ROOT, name), join(folder, name))));
  const bin = join(folder, ".bin");
  await mkdir(bin);
  for (const [name, text] of [
    ["npm", npm(scripts)],
    ["sleep", `${SHEBANG}exec ask sleep "$1"\n`],
    ["npx", `${SHEBANG}[ "$1" = node ] && exec ask ts "$2"\n`],
    ["ask", ASK],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- four small files
    await writeFile(join(bin, name), text);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await chmod(join(bin, name), 0o755);
  }

  const shell = spawn("bash", ["--noprofile", "--norc"], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${bin}:${process.env["PATH"]}`,
      COMMANDS_PORT: port,
      CREDITS_SERVER: system.server,
      CREDITS_RPC_URL: system.rpc,
      METERING_URL: system.server,
    },
    stdio: ["pipe", "ignore", "inherit", "pipe"],
    detached: true,
  });
  const [stdin, , , control] = shell.stdio;
  if (stdin === null || control === undefined || control === null || !("read" in control)) {
    throw new Error("the shell has no pipes");
  }
  const codes = createInterface({ input: control })[Symbol.asyncIterator]();
  stdin.write("set -eo pipefail\n");
  let count = 0;

  return {
    async run({ kind, text, file: saved }) {
      count += 1;
      const file = saved ?? `snippet-${count}.${kind}`;
      await writeFile(join(folder, file), here(text));
      if (saved !== null) return { code: 0, out: "", err: "" };
      const command = kind === "sh" ? `source ./${file}` : `ask ts ${file}`;
      stdin.write(`{ ${command}; } > .out 2> .err < /dev/null; echo $? >&3\n`);
      const { value, done } = await codes.next();
      const code = done === true ? await exitCode(shell) : Number(value);
      const [out, err] = await Promise.all(
        [".out", ".err"].map(async (name) => there(await readFile(join(folder, name), "utf8"))),
      );
      return { code, out: out ?? "", err: err ?? "" };
    },
    async close() {
      const closed = shell.exitCode === null ? once(shell, "close") : null;
      stdin.end();
      // Also what a page left running in the background.
      if (shell.pid !== undefined) killGroup(shell.pid);
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };

  /** What a page says, for the system of the test. */
  function here(text: string): string {
    return text
      .replaceAll(DEFAULTS.server, system.server)
      .replaceAll(DEFAULTS.rpc, system.rpc)
      .replaceAll(OWN_PORT, system.ownPort);
  }

  /** What the system of the test says, as a page has it. */
  function there(text: string): string {
    return text
      .replaceAll(system.server, DEFAULTS.server)
      .replaceAll(system.rpc, DEFAULTS.rpc)
      .replaceAll(`:${system.ownPort}`, `:${OWN_PORT}`);
  }
}

/** A port that is free now: a server of a page takes it seconds later. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** The shell ended itself, because a command of the block failed. */
async function exitCode(shell: ChildProcess): Promise<number> {
  if (shell.exitCode === null) await once(shell, "exit");
  return shell.exitCode ?? 1;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}

const SHEBANG = "#!/usr/bin/env bash\n";

/** Lets the command process do something: see `asked` there. */
const ASK = `${SHEBANG}exec 3<> "/dev/tcp/127.0.0.1/$COMMANDS_PORT"
{
  printf '%s\\0' "$PWD" "$#" "$@"
  for name in \${!CREDITS_@}; do printf '%s\\0' "$name=\${!name}"; done
  printf '\\0'
} >&3
while read -r stream size <&3; do
  case $stream in
    1) head -c "$size" <&3 ;;
    2) head -c "$size" <&3 >&2 ;;
    exit) exit "$size" ;;
  esac
done
exit 1
`;

/** Scripts that read and print only, and take nothing from the environment. */
const LOADED: ReadonlySet<string> = new Set(["verify", "rebuild"]);

/** As npm, without its own lines and its time. The tests have installed and started everything. */
function npm(scripts: ReadonlyMap<string, string>): string {
  const cases = [...scripts].map(([name, file]) =>
    LOADED.has(name)
      ? `  ${name}) exec ask script "${ROOT}${file}" "$@" ;;`
      : `  ${name}) exec "${process.execPath}" "${ROOT}${file}" "$@" ;;`,
  );
  return `${SHEBANG}case $1 in
  ci | start) exit ;;
  run) if [ "$2" = --silent ]; then shift; fi; name=$2 ;;
  *) echo "npm $1 is not known here" >&2; exit 1 ;;
esac
shift 2
if [ "\${1-}" = -- ]; then shift; fi
case $name in
  credits) exec ask credits "$@" ;;
${cases.join("\n")}
  *) echo "npm run $name is not known here" >&2; exit 1 ;;
esac
`;
}

/** The scripts of package.json that start one program. */
async function npmScripts(): Promise<ReadonlyMap<string, string>> {
  const { scripts } = Manifest.parse(
    JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")),
  );
  return new Map(
    Object.entries(scripts).flatMap(([name, text]) => {
      const [, file] = /^exec node (\S+\.ts)$/.exec(text) ?? [];
      return file === undefined ? [] : [[name, file] as const];
    }),
  );
}
