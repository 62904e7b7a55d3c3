import { expect } from "chai";

import { DEFAULT_METERS } from "../../../meter/measures.ts";
import { isFinished, readJobs, readPendingJob } from "../../../meter/slurm/sacct.ts";
import { linesOfJob } from "../../../meter/slurm/usage.ts";

const GIB = 1_073_741_824n;

/**
 * Lines in sacct's form: the second is a job of OLCF's Frontier as its user recorded it (cancelled
 * while it waited, so nothing was allocated); the first has a GPU node's AllocTRES of Slurm 23.11.
 */
const SACCT = `812934|physics|COMPLETED|3600|billing=48,cpu=16,gres/gpu:h100=2,gres/gpu=2,mem=64G,node=1
4980157|bif148|CANCELLED by 19032|0|
812935|physics|RUNNING|12|cpu=1,mem=1.50T,node=1
not a job
`;

/** \`scontrol show job --oneliner\` of a cluster of the Digital Research Alliance of Canada, shortened. */
const SCONTROL =
  "JobId=13772882 JobName=cpp11armadillobenchmark UserId=msep(3137691) GroupId=shirimb(6091943) " +
  "MCS_label=N/A Priority=2594326 Nice=0 Account=def-shirimb QOS=normal JobState=COMPLETING " +
  "Reason=None Dependency=(null) Requeue=0 Restarts=1 BatchFlag=1 Reboot=0 ExitCode=0:0 " +
  "RunTime=00:43:56 TimeLimit=1-12:00:00 TimeMin=N/A NumNodes=1 NumCPUs=4 " +
  "ReqTRES=cpu=4,mem=8G,node=1,billing=4 AllocTRES=cpu=4,mem=16000M,node=1,billing=4,gres/gpu=1";

describe("what Slurm accounts", () => {
  it("is read line by line", () => {
    const [done, cancelled, running, ...more] = readJobs(SACCT);
    expect(done).to.deep.equal({
      id: "812934",
      account: "physics",
      state: "COMPLETED",
      seconds: 3_600n,
      cpus: 16n,
      memoryBytes: 64n * GIB,
      gpus: new Map([["h100", 2n]]),
    });
    expect(cancelled).to.deep.include({ state: "CANCELLED", cpus: 0n, memoryBytes: 0n });
    expect(running?.memoryBytes).to.equal(1_536n * GIB);
    expect(more).to.deep.equal([]);
    expect(
      [done, cancelled, running].map((job) => job !== undefined && isFinished(job)),
    ).to.deep.equal([true, true, false]);
  });

  it("becomes lines of the rate card", () => {
    const [job, cancelled] = readJobs(SACCT);
    if (job === undefined || cancelled === undefined) throw new Error("no job");
    expect(linesOfJob(job, DEFAULT_METERS)).to.deep.equal([
      { id: "cpu", meter: "cpu.milliseconds", dimensions: {}, quantity: 57_600_000n },
      { id: "memory", meter: "memory.gib_seconds", dimensions: {}, quantity: 230_400n },
      { id: "gpu/H100", meter: "gpu.seconds", dimensions: { gpu: "H100" }, quantity: 7_200n },
    ]);
    expect(linesOfJob(cancelled, DEFAULT_METERS)).to.deep.equal([]);
  });
});

describe("a job that Slurm is about to run", () => {
  it("has its account, its limit, and what it gets", () => {
    expect(readPendingJob(SCONTROL)).to.deep.equal({
      account: "def-shirimb",
      limitSeconds: 129_600n,
      restarts: 1n,
      allocated: { cpus: 4n, memoryBytes: 16_000n * 1_048_576n, gpus: new Map([["gpu", 1n]]) },
    });
    expect(readPendingJob("slurm_load_jobs error: Invalid job id specified")).to.equal(null);
    expect(readPendingJob("Account=a TimeLimit=UNLIMITED")?.limitSeconds).to.equal(null);
  });
});
