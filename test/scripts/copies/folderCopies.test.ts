import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { SignedCopy } from "@compute-credits/client/wallet/copies";
import { createFolderCopies } from "../../../scripts/copies/folderCopies.ts";

const by = "0x90f79bf6eb2c4f870365e785982e1f101e93b906";
const copyOf = (digit: string, signer: `0x${string}` = by): SignedCopy => ({
  kind: "revocation",
  id: `0x${digit.repeat(64)}`,
  by: signer,
  deployment: { chainId: 31337, contract: by },
  signature: `0x${"12".repeat(65)}`,
  allowance: `0x${"34".repeat(32)}`,
});

describe("createFolderCopies", () => {
  let folder: string;

  before(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "compute-credits-test-")), "copies");
  });
  after(() => rm(join(folder, ".."), { recursive: true, force: true }));

  it("keeps a copy in a file that only its owner may read; the same again changes nothing", async () => {
    const copies = createFolderCopies("--copies", folder);
    const copy = copyOf("a");
    await copies.put(copy);
    const { mtimeMs, mode } = await stat(join(folder, copy.id));
    expect(mode & 0o777).to.equal(0o600);
    expect((await stat(folder)).mode & 0o777).to.equal(0o700);
    await copies.put(copy);
    expect((await stat(join(folder, copy.id))).mtimeMs).to.equal(mtimeMs);
    expect(await copies.get(copy.id)).to.deep.equal(copy);
    expect(await copies.get(copyOf("b").id)).to.equal(null);
    expect(await readdir(folder)).to.deep.equal([copy.id]);
  });

  it("lists the copies of one wallet, also after a restart", async () => {
    await createFolderCopies("--copies", folder).put(copyOf("c", `0x${"56".repeat(20)}`));
    await writeFile(join(folder, `0x${"d".repeat(64)}.99.part`), "{");
    const shouted = `0x${by.slice(2).toUpperCase()}` as const;
    const listed = await createFolderCopies("--copies", folder).list(shouted);
    expect(listed).to.deep.equal([copyOf("a")]);
  });

  it("names a file that is none, and a folder that is not there", async () => {
    const name = `0x${"e".repeat(64)}`;
    await writeFile(join(folder, name), "no copy");
    const copies = createFolderCopies("--copies", folder);
    const wrong = await copies.list(by).catch((error: unknown) => error);
    expect(wrong)
      .to.be.instanceOf(UsageError)
      .and.to.have.property(
        "message",
        `--copies: ${join(folder, name)} is no copy of what a wallet signed.`,
      );
    const missing = await createFolderCopies("--copies", join(folder, "no"))
      .list(by)
      .catch((error: unknown) => error);
    expect(missing).to.be.instanceOf(UsageError);
  });
});
