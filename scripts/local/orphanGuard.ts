import { spawn } from "node:child_process";

/** Waits for a line; its pipe closes when the process that holds the other end is gone. */
const SCRIPT = `
read -r released && exit
if pid=$(head -n 1 "$1/data/postmaster.pid"); then
  kill -QUIT "$pid"
  tries=0
  while kill -0 "$pid" && [ $((tries += 1)) -le 100 ]; do sleep 0.1; done
fi
rm -rf "$1"`;

/**
 * Removes a folder, and stops the PostgreSQL server whose data is in its `data`, if this process
 * ends without `release`, even by SIGKILL. Does nothing on Windows, which has no `sh`.
 */
export function guardAgainstOrphans(folder: string): { release(): void } {
  if (process.platform === "win32") return { release: () => undefined };
  const guard = spawn("sh", ["-c", SCRIPT, "sh", folder], {
    // In its own session, so that a Ctrl-C in the terminal does not end it first.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.unref();
  return { release: () => guard.stdin.end("released\n") };
}
