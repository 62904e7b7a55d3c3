import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createProviderKey } from "@compute-credits/client/wallet/apiKey";
import { expect } from "chai";

import { slurmCharge, slurmHold } from "../../../meter/commands/cluster.ts";
import { DEFAULT_METERS } from "../../../meter/measures.ts";
import { chargeJob, holdForJob } from "../../../meter/slurm/commands.ts";
import { createMemoryLedger } from "../../fixtures/memoryLedger.ts";

/** As `scontrol` and `sacct` print it: see sacct.test.ts for where the forms are from. */
const SCONTROL =
  "JobId=812934 JobName=train Account=physics JobState=CONFIGURING Restarts=0 TimeLimit=01:00:00 " +
  "ReqTRES=cpu=16,mem=64G,node=1,gres/gpu:h100=2 AllocTRES=cpu=16,mem=64G,node=1,gres/gpu=2,gres/gpu:h100=2";
const RUNNING = "812934|physics|RUNNING|1800|cpu=16,mem=64G,node=1,gres/gpu:h100=2,gres/gpu=2";
const ENDED = "812934|physics|TIMEOUT|3630|cpu=16,mem=64G,node=1,gres/gpu:h100=2,gres/gpu=2";

describe("Slurm's prolog and epilog", () => {
  let folder: string;
  const path = process.env["PATH"];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-slurm-"));
    await prints("scontrol", SCONTROL);
    await writeFile(join(folder, "spenders.json"), JSON.stringify({ physics: "0xphysics" }));
    process.env["PATH"] = `${folder}:${path}`;
  });
  after(async () => {
    process.env["PATH"] = path;
    await rm(folder, { recursive: true });
  });

  async function prints(command: string, text: string): Promise<void> {
    await writeFile(join(folder, command), `#!/bin/sh\necho '${text}'\n`);
    await chmod(join(folder, command), 0o755);
  }

  function rig() {
    const books = createMemoryLedger();
    const said: string[] = [];
    const payers: string[] = [];
    const options = {
      job: "812934",
      restarts: 0,
      meters: DEFAULT_METERS,
      accountsFile: join(folder, "spenders.json"),
      ledgerOf: (spender: string) => {
        payers.push(spender);
        return books.ledger;
      },
      say: (line: string) => said.push(line),
    };
    return { books, said, payers, options };
  }

  it("hold the most of a job, and charge what it had, once", async () => {
    const { books, payers, options } = rig();
    expect(await holdForJob(options)).to.equal(0);
    expect(books.holds.get("slurm/812934/0")?.held.get("gpu/H100")).to.equal(2n * 4_200n);
    await prints("sacct", RUNNING);
    expect(await chargeJob(options)).to.equal(75);
    await prints("sacct", ENDED);
    expect([await chargeJob(options), await chargeJob(options)]).to.deep.equal([0, 0]);
    expect(["cpu", "memory", "gpu/H100"].map(books.charged)).to.deep.equal([
      16n * 3_630_000n,
      64n * 3_630n,
      2n * 3_630n,
    ]);
    expect(new Set(payers)).to.deep.equal(new Set(["0xphysics"]));
  });

  it("keep a job from running that is not paid, or that may run for ever", async () => {
    const { books, said, options } = rig();
    books.faults.units = 0n;
    expect(await holdForJob(options)).to.equal(69);
    await prints("scontrol", SCONTROL.replace("01:00:00", "UNLIMITED"));
    expect(await holdForJob(options)).to.equal(69);
    expect(said.join()).to.include("submit it with --time");
  });

  it("say what is missing", async () => {
    const context = { stopping: new AbortController().signal, say: () => undefined };
    await writeFile(join(folder, "provider.key"), createProviderKey());
    const key = ["--key-file", join(folder, "provider.key")];
    for (const [args, text] of [
      [key, "--job is a whole number"],
      [[...key, "--job", "7"], "--accounts is missing"],
      [["--job", "7"], "--key-file is missing"],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- few
      const errors = await Promise.allSettled([
        slurmHold(args, context),
        slurmCharge(args, context),
      ]);
      for (const error of errors) {
        expect(error.status === "rejected" && String(error.reason)).to.include(text);
      }
    }
  });
});
