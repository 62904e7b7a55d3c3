import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { makeFolder, makeFolderSync } from "@compute-credits/platform/process/makeFolder";
import { refusalOf } from "../../fixtures/refusalOf.ts";

const ways: readonly { name: string; make: (folder: string) => Promise<void> }[] = [
  { name: "makeFolder", make: makeFolder },
  {
    name: "makeFolderSync",
    // oxlint-disable-next-line require-await -- throws as a rejection
    make: async (folder) => makeFolderSync(folder),
  },
];

for (const { name, make } of ways) {
  describe(name, () => {
    let base: string;
    beforeEach(async () => {
      base = await mkdtemp(join(tmpdir(), "compute-credits-test-"));
    });
    afterEach(() => rm(base, { recursive: true }));

    it("makes the folder and those above it, and again does nothing", async () => {
      const folder = join(base, "a", "b", "c");
      await make(folder);
      await make(folder);
      expect((await stat(folder)).isDirectory()).to.equal(true);
    });

    it("rejects where a file is in the way", async () => {
      await writeFile(join(base, "file"), "");
      expect(await refusalOf(make(join(base, "file", "folder")))).to.include("EEXIST");
      expect(await refusalOf(make(join(base, "file")))).to.include("EEXIST");
    });

    it("rejects where the file system takes no folders, although it says that one is missing", async () => {
      expect(await refusalOf(make("/proc/x/y"))).to.include("ENOENT");
    });
  });
}
