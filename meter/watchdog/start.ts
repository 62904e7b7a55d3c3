import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("main.ts", import.meta.url));

/** A watchdog that outlives this process. */
export interface Watchdog {
  /** Starts it again if it has ended. */
  keep(): void;
  /** Ends it: nothing is left to watch. */
  stop(): void;
}

/** Starts a watchdog over folders of leases, in a session of its own and with no secret. */
export function startWatchdog(folders: readonly string[]): Watchdog {
  let child: ChildProcess = spawnIt(folders);
  return {
    keep() {
      if (child.exitCode === null && child.signalCode === null) return;
      child = spawnIt(folders);
    },
    stop: () => void child.kill("SIGTERM"),
  };
}

function spawnIt(folders: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, ...folders], {
    detached: true,
    stdio: "ignore",
    env: {},
  });
  // An agent that cannot start it says so on its next look.
  child.on("error", () => undefined);
  child.unref();
  return child;
}
