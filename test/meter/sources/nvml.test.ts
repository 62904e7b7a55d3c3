import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import { expect } from "chai";

import { leaseGpus } from "../../../meter/commands/gpus.ts";
import { NvmlError, migProfileOf, modelOf, openNvml } from "../../../meter/sources/nvml.ts";

/** A driver with an H100, an A100 in MIG mode with one slice, and a card that has no energy counter. */
const FAKE_NVML = `
#include <string.h>
typedef struct { const char *uuid, *name; unsigned mig, util; unsigned long long mj; } dev;
static dev devs[] = {
  {"GPU-11111111-aaaa-bbbb-cccc-000000000001", "NVIDIA H100 80GB HBM3", 0, 97, 123456789012ULL},
  {"GPU-11111111-aaaa-bbbb-cccc-000000000002", "NVIDIA A100-SXM4-40GB", 1, 0, 5},
  {"GPU-11111111-aaaa-bbbb-cccc-000000000003", "Tesla P4", 9, 3, 0},
  {"MIG-22222222-aaaa-bbbb-cccc-000000000001", "NVIDIA A100-SXM4-40GB MIG 1g.5gb", 9, 999, 7},
};
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned *n) { *n = 3; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, dev **d) { if (i > 2) return 6; *d = &devs[i]; return 0; }
int nvmlDeviceGetHandleByUUID(const char *u, dev **d) {
  for (int i = 0; i < 4; i++) if (!strcmp(devs[i].uuid, u)) { *d = &devs[i]; return 0; }
  return 6;
}
int nvmlDeviceGetUUID(dev *d, char *s, unsigned n) { strncpy(s, d->uuid, n); return 0; }
int nvmlDeviceGetName(dev *d, char *s, unsigned n) { strncpy(s, d->name, n); return 0; }
int nvmlDeviceGetMigMode(dev *d, unsigned *c, unsigned *p) {
  if (d->mig == 9) return 3;
  *c = *p = d->mig;
  return 0;
}
int nvmlDeviceGetMaxMigDeviceCount(dev *d, unsigned *n) { *n = d->mig == 1 ? 7 : 0; return 0; }
int nvmlDeviceGetMigDeviceHandleByIndex(dev *d, unsigned i, dev **s) {
  if (i != 2) return 6;
  *s = &devs[3];
  return 0;
}
int nvmlDeviceGetUtilizationRates(dev *d, unsigned *u) {
  if (d->util == 999) return 3;
  u[0] = d->util; u[1] = 1;
  return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(dev *d, unsigned long long *mj) {
  if (!d->mj) return 3;
  *mj = d->mj;
  return 0;
}
`;

const [H100, P4, SLICE] = [
  "GPU-11111111-aaaa-bbbb-cccc-000000000001",
  "GPU-11111111-aaaa-bbbb-cccc-000000000003",
  "MIG-22222222-aaaa-bbbb-cccc-000000000001",
];

describe("the GPUs that NVML knows", () => {
  let folder: string;
  let library: string;

  const open = () => openNvml(library);
  const lease = (...wanted: string[]) => leaseGpus({ wanted, exporterUrl: null }, open);

  before(async function () {
    if (spawnSync("cc", ["--version"]).status !== 0) this.skip();
    folder = await mkdtemp(join(tmpdir(), "compute-credits-nvml-"));
    library = join(folder, "libnvidia-ml.so.1");
    await writeFile(join(folder, "nvml.c"), FAKE_NVML);
    execFileSync("cc", ["-shared", "-fPIC", "-o", library, join(folder, "nvml.c")]);
  });
  after(() => folder && rm(folder, { recursive: true }));

  it("are the whole ones, and the slices of one in MIG mode", () => {
    const nvml = openNvml(library);
    expect(nvml.devices().map(({ uuid }) => uuid)).to.deep.equal([H100, SLICE, P4]);
    nvml.close();
  });

  it("show their utilisation and energy, as far as they have them", () => {
    const nvml = openNvml(library);
    expect([H100, P4, SLICE].map((uuid) => nvml.evidence(uuid))).to.deep.equal([
      { utilisationPercent: 97, energyMillijoules: 123_456_789_012n },
      { utilisationPercent: 3, energyMillijoules: null },
      { utilisationPercent: null, energyMillijoules: 7n },
    ]);
    nvml.close();
  });

  it("are leased all, or by UUID, under the names of rate cards", async () => {
    expect((await lease("all")).gpus).to.deep.equal([
      { uuid: H100, model: "H100", mig: null },
      { uuid: SLICE, model: "A100", mig: "1g.5gb" },
      { uuid: P4, model: "P4", mig: null },
    ]);
    expect((await lease(SLICE)).gpus).to.have.length(1);
    expect(await (await lease(H100)).evidence()).to.deep.equal({
      [`gpu/${H100}`]: { utilisation_percent: "97", energy_millijoules: "123456789012" },
    });
    const error = await lease("GPU-none").catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(UsageError);
    expect(String(error)).to.include(H100);
  });

  it("are none without a driver, which says what to do", () => {
    expect(() => openNvml("libnvidia-ml-is-not-here.so.1")).to.throw(NvmlError, "leave --gpu out");
  });
});

describe("the name of a GPU", () => {
  it("is its model, and its slice's profile", () => {
    const names = [
      "NVIDIA H200",
      "NVIDIA L4",
      "NVIDIA GeForce RTX 4090",
      "NVIDIA A100 80GB PCIe MIG 3g.40gb",
    ];
    expect(names.map((name) => [modelOf(name), migProfileOf(name)])).to.deep.equal([
      ["H200", null],
      ["L4", null],
      ["4090", null],
      ["A100", "3g.40gb"],
    ]);
  });
});
