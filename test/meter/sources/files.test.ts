import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { cgroupCpu, cgroupMemory } from "../../../meter/sources/cgroup.ts";
import { diskSize, diskUsed } from "../../../meter/sources/disk.ts";
import { bytesIn } from "../../../meter/sources/network.ts";
import { procCpu } from "../../../meter/sources/proc.ts";
import { summed } from "../../../meter/sources/source.ts";
import { attachToGroups } from "../../../meter/workload/attach.ts";
import { ownGroups } from "../../../meter/workload/groups.ts";
import { type Process, createTree, parseStat } from "../../../meter/workload/processes.ts";

const values = async (groups: Parameters<typeof cgroupCpu>[0]) => [
  (await cgroupCpu(groups)?.read())?.value,
  (await cgroupMemory(groups)?.read())?.value,
];

describe("the files of a control group", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-group-"));
    // As Linux 6.1 writes them: version 2 in one folder, version 1 in another.
    await mkdir(join(folder, "v1"));
    await writeFile(
      join(folder, "cpu.stat"),
      "usage_usec 4189523\nuser_usec 3189523\nsystem_usec 1000000\nnr_periods 0\n",
    );
    await writeFile(join(folder, "memory.current"), "268435456\n");
    await writeFile(join(folder, "v1", "cpuacct.usage"), "2357800908948\n");
    await writeFile(join(folder, "v1", "memory.usage_in_bytes"), "36683776\n");
  });
  after(() => rm(folder, { recursive: true }));

  it("are read in version 2 and in version 1", async () => {
    const v1 = join(folder, "v1");
    expect(await values({ unified: folder })).to.deep.equal([4_189_523_000n, 268_435_456n]);
    expect(await values({ cpuacct: v1, memory: v1 })).to.deep.equal([
      2_357_800_908_948n,
      36_683_776n,
    ]);
  });

  it("of a group that is gone cannot be read, and one made anew is another", async () => {
    const again = join(folder, "again");
    const make = async (value: string) => {
      await mkdir(again);
      await writeFile(join(again, "memory.current"), value);
    };
    await make("5\n");
    const source = cgroupMemory({ unified: again });
    const first = await source?.read();
    await rm(again, { recursive: true });
    expect(await source?.read()).to.equal(null);
    await mkdir(join(folder, "takes the inode"));
    await make("7\n");
    expect((await source?.read())?.epoch).not.to.equal(first?.epoch);
  });
});

describe("the agent's own control groups", () => {
  it("are found with version 2 alone, as on current distributions", () => {
    const mountinfo =
      "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate";
    const cgroup = "0::/system.slice/meter.service/agent\n";
    expect(ownGroups(mountinfo, cgroup)).to.deep.equal({
      unified: "/sys/fs/cgroup/system.slice/meter.service/agent",
    });
  });

  it("are found in a hybrid of both versions", () => {
    const mountinfo = [
      "32 25 0:28 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw",
      "33 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct",
      "34 25 0:30 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory",
    ].join("\n");
    const cgroup =
      "4:memory:/user.slice\n3:cpu,cpuacct:/user.slice\n0::/user.slice/session-1.scope\n";
    expect(ownGroups(mountinfo, cgroup)).to.deep.equal({
      unified: "/sys/fs/cgroup/unified/user.slice/session-1.scope",
      cpuacct: "/sys/fs/cgroup/cpu,cpuacct/user.slice",
      memory: "/sys/fs/cgroup/memory/user.slice",
    });
  });

  it("are found in a container, which sees a part of the hierarchy as its root", () => {
    const mountinfo =
      "1017 1010 0:26 /docker/abc /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate";
    expect(ownGroups(mountinfo, "0::/docker/abc\n")).to.deep.equal({ unified: "/sys/fs/cgroup" });
  });
});

describe("/proc/PID/stat", () => {
  it("is read whatever the process calls itself", () => {
    const fields =
      "7 (a) b (c) S 5 7 6 0 -1 4194560 0 0 0 0 11 22 33 44 20 0 1 0 900123 10000000 500";
    expect(parseStat(fields)).to.deep.equal({
      pid: 7,
      parent: 5,
      session: 6,
      startTicks: "900123",
      cpuTicks: 110n,
      isZombie: false,
    });
  });
});

const process = (pid: number, parent: number, cpuTicks: bigint, more: Partial<Process> = {}) => ({
  pid,
  parent,
  session: 1,
  startTicks: `${pid}`,
  cpuTicks,
  isZombie: false,
  ...more,
});

describe("a process tree", () => {
  const root = { pid: 10, startTicks: "10" };

  it("keeps a process whose parent ended, and never a neighbour", () => {
    let all = [process(1, 0, 0n), process(10, 1, 5n), process(11, 10, 7n), process(12, 1, 9n)];
    const tree = createTree([root], () => all);
    const pids = () => tree.members().map(({ pid }) => pid);
    expect(pids()).to.deep.equal([10, 11]);
    all = [process(1, 0, 0n), process(11, 1, 7n), process(12, 1, 9n)];
    expect(pids()).to.deep.equal([11]);
    // A later process with the id of one of them.
    all = [process(1, 0, 0n), process(11, 1, 0n, { startTicks: "99" }), process(12, 1, 9n)];
    expect(pids()).to.deep.equal([]);
  });

  it("of several roots has each process once, though one started the other", () => {
    const all = [process(1, 0, 0n), process(10, 1, 5n), process(11, 10, 7n), process(12, 1, 9n)];
    const roots = [root, { pid: 11, startTicks: "11" }, { pid: 12, startTicks: "12" }];
    const tree = createTree(roots, () => all);
    expect(tree.members().map(({ pid }) => pid)).to.deep.equal([10, 11, 12]);
  });

  it("takes no stranger for its own whose session has the number of the root's", () => {
    const inSession = { session: 10 };
    let all = [process(10, 1, 0n, inSession), process(11, 10, 0n, { session: 11 })];
    const tree = createTree([root], () => all);
    const pids = () => tree.members().map(({ pid }) => pid);
    expect(pids()).to.deep.equal([10, 11]);
    // The root and its session ended. Its number is given to another, and only the child is left.
    all = [
      process(10, 1, 0n, { ...inSession, startTicks: "99" }),
      process(13, 10, 0n, inSession),
      process(11, 1, 0n, { session: 11 }),
    ];
    expect(pids()).to.deep.equal([11]);
  });

  it("that changes while it is read is read again, so that no time counts twice", async () => {
    let reads = 0;
    const gone = { ...process(999_999_999, 10, 7n) };
    const source = procCpu({
      members: () => {
        reads += 1;
        return [gone];
      },
    });
    expect(await source.read()).to.equal(null);
    expect(reads).to.equal(5);
  });
});

const of = (value: bigint | null, epoch = "one") => ({
  read: () => Promise.resolve(value === null ? null : { value, epoch }),
});

describe("a sum of sources", () => {
  it("begins anew if one of them does, or has gone", async () => {
    const whole = await summed([of(3n, "a"), of(4n, "b")]).read();
    expect(whole).to.deep.equal({ value: 7n, epoch: "a, b" });
    expect(await summed([of(3n, "a"), of(null)]).read()).to.deep.equal({
      value: 3n,
      epoch: "a, none",
    });
    expect(await summed([of(null), of(null)]).read()).to.equal(null);
  });
});

describe("several control groups", () => {
  it("are not one within another, where it would count twice", async () => {
    const outer = await mkdtemp(join(tmpdir(), "compute-credits-groups-"));
    const inner = join(outer, "inner");
    await mkdir(inner);
    for (const folder of [outer, inner]) {
      // oxlint-disable-next-line no-await-in-loop -- two
      for (const name of ["cgroup.procs", "cgroup.controllers"]) {
        // oxlint-disable-next-line no-await-in-loop
        await writeFile(join(folder, name), "");
      }
    }
    expect(attachToGroups([inner])).to.have.length(1);
    expect(() => attachToGroups([outer, inner])).to.throw("where it counts already");
    expect(() => attachToGroups([inner, inner])).to.throw("where it counts already");
    await rm(outer, { recursive: true });
  });
});

describe("the bytes of a network", () => {
  it("are those of all interfaces but the loopback", () => {
    const dev = [
      "Inter-|   Receive                                                |  Transmit",
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs",
      "    lo: 9999999   61230    0    0    0     0          0         0  9999999   61230    0    0    0     0       0          0",
      "  eth0: 1115133198  921893    0    0    0     0          0         0 812729002  703233    0    0    0     0       0          0",
    ].join("\n");
    expect(bytesIn(dev)).to.equal(1_927_862_200n);
  });
});

describe("the bytes of a file system", () => {
  it("are those that are used, of its size", async () => {
    const used = await diskUsed(tmpdir()).read();
    const size = await diskSize(tmpdir());
    expect(used !== null && used.value > 0n && used.value <= size).to.equal(true);
    expect(await diskUsed("/no such folder").read()).to.equal(null);
  });
});
