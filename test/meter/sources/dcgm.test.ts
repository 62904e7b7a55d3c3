import { once } from "node:events";
import { createServer } from "node:http";

import { expect } from "chai";

import { leaseGpus } from "../../../meter/commands/gpus.ts";
import { readDcgm } from "../../../meter/sources/dcgm.ts";

/**
 * Lines as dcgm-exporter 3 writes them: the form of its README and of the MIG example in NVIDIA's
 * GPU telemetry guide (docs.nvidia.com/datacenter/cloud-native/gpu-telemetry), with a model's label.
 */
const TEXT = `# HELP DCGM_FI_DEV_GPU_UTIL GPU utilization (in %).
# TYPE DCGM_FI_DEV_GPU_UTIL gauge
DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-604ac76c-d9cf-fef3-62e9-d92044ab6e52",device="nvidia0",modelName="NVIDIA H100 80GB HBM3",Hostname="node-1"} 98
# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION counter
DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="0",UUID="GPU-604ac76c-d9cf-fef3-62e9-d92044ab6e52",device="nvidia0",modelName="NVIDIA H100 80GB HBM3",Hostname="node-1"} 93847561234
DCGM_FI_DEV_MEMORY_TEMP{gpu="0", UUID="GPU-604ac76c-d9cf-fef3-62e9-d92044ab6e52"} 9223372036854775794
DCGM_FI_DEV_XID_ERRORS{gpu="1",UUID="GPU-34319582-d595-d1c7-d1d2-179bcfa61660",device="nvidia1",modelName="NVIDIA A100-SXM4-40GB",GPU_I_PROFILE="1g.5gb",GPU_I_ID="13",Hostname="ub20-a100-k8s"} 0
`;

describe("what dcgm-exporter tells", () => {
  it("is each GPU and each slice, with its utilisation and energy", () => {
    expect(readDcgm(TEXT)).to.deep.equal([
      {
        uuid: "GPU-604ac76c-d9cf-fef3-62e9-d92044ab6e52",
        name: "NVIDIA H100 80GB HBM3",
        migProfile: null,
        utilisationPercent: 98,
        energyMillijoules: 93_847_561_234n,
      },
      {
        uuid: "GPU-34319582-d595-d1c7-d1d2-179bcfa61660/13",
        name: "NVIDIA A100-SXM4-40GB",
        migProfile: "1g.5gb",
        utilisationPercent: null,
        energyMillijoules: null,
      },
    ]);
  });

  it("is what a lease gets, and what its journal keeps", async () => {
    let text = TEXT;
    const exporter = createServer((_req, res) => res.end(text)).listen(0, "127.0.0.1");
    await once(exporter, "listening");
    const address = exporter.address();
    const port = address === null || typeof address === "string" ? 0 : address.port;
    const exporterUrl = `http://127.0.0.1:${port}/metrics`;
    const { gpus, evidence } = await leaseGpus({ wanted: ["all"], exporterUrl });
    expect(gpus.map(({ model, mig }) => [model, mig])).to.deep.equal([
      ["H100", null],
      ["A100", "1g.5gb"],
    ]);
    expect(Object.values(await evidence())).to.deep.equal([
      { utilisation_percent: "98", energy_millijoules: "93847561234" },
      {},
    ]);
    text = "";
    const error = await leaseGpus({ wanted: ["all"], exporterUrl }).catch(String);
    expect(error).to.include("this machine has no GPU");
    exporter.close();
    exporter.closeAllConnections();
  });

  it("is nothing in a page of something else", () => {
    expect(readDcgm('<html>node_cpu_seconds_total{cpu="0"} 1</html>')).to.deep.equal([]);
  });
});
