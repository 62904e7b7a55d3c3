import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { expect } from "chai";

import { eventually } from "../../../scripts/local/eventually.ts";

const POSTGRES = new URL("../../../scripts/local/postgresServer.ts", import.meta.url).href;

/** Starts PostgreSQL, names its folder, and never ends. */
const PROGRAM = `
  import { startPostgres } from ${JSON.stringify(POSTGRES)};
  const { socketFolder } = await startPostgres();
  console.log(socketFolder);
  setInterval(() => undefined, 60_000);`;

describe("a process that started PostgreSQL", function () {
  if (process.platform === "win32") this.pending = true;

  it("leaves neither the server nor its folder behind when it is killed with SIGKILL", async () => {
    const owner = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [folder]: string[] = await once(createInterface(owner.stdout), "line");
    if (folder === undefined) throw new Error("no folder was named");
    const [firstLine] = readFileSync(join(folder, "data", "postmaster.pid"), "utf8").split("\n");
    expect(isRunning(Number(firstLine))).to.equal(true);

    owner.kill("SIGKILL");
    await eventually("the folder's end", () => Promise.resolve(!existsSync(folder)));
    expect(isRunning(Number(firstLine))).to.equal(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
