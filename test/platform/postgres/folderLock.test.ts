import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { FolderInUse, lockFolder } from "@compute-credits/platform/postgres/folderLock";
import { ConfigError } from "@compute-credits/platform/process/environment";

describe("lockFolder", () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "compute-credits-test-")), "data");
    file = join(folder, "in-use-by.pid");
  });
  afterEach(() => rm(join(folder, ".."), { recursive: true }));

  it("with a new folder: locks it until it is unlocked", () => {
    const unlock = lockFolder(folder);
    expect(readFileSync(file, "utf8")).to.equal(`${process.pid}`);
    unlock();
    expect(existsSync(file)).to.equal(false);
    lockFolder(folder)();
  });

  it("when this process holds the lock: throws FolderInUse", () => {
    const unlock = lockFolder(folder);
    expect(() => lockFolder(folder)).to.throw(FolderInUse, `is in use by process ${process.pid}`);
    unlock();
  });

  it("while another process holds the lock: throws FolderInUse with its id", () => {
    lockFolder(folder)();
    writeFileSync(file, `${process.ppid}`);
    expect(() => lockFolder(folder)).to.throw(
      FolderInUse,
      `${folder} is in use by process ${process.ppid}: stop it first, or choose another folder`,
    );
    expect(readFileSync(file, "utf8")).to.equal(`${process.ppid}`);
  });

  it("with a file in the folder's place: throws a ConfigError that says what to do", () => {
    writeFileSync(folder, "");
    expect(() => lockFolder(folder)).to.throw(
      ConfigError,
      /cannot hold the data \(EEXIST.*\): choose another folder$/,
    );
  });

  it("after the holder has died: takes the lock over", async () => {
    const gone = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(gone, "exit");
    lockFolder(folder)();
    writeFileSync(file, `${gone.pid}`);
    lockFolder(folder)();
  });

  it("after an earlier process with the same id, as in a container: takes the lock over", () => {
    lockFolder(folder)();
    writeFileSync(file, `${process.pid}`);
    const unlock = lockFolder(folder);
    expect(() => lockFolder(folder)).to.throw(FolderInUse);
    unlock();
  });

  for (const content of ["", "nonsense", "-1", "0", "1.5"]) {
    it(`with ${JSON.stringify(content)} in the lock file: takes the lock over`, () => {
      lockFolder(folder)();
      writeFileSync(file, content);
      lockFolder(folder)();
    });
  }
});
