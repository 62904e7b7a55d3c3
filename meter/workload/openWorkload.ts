import { type WorkloadRecord, partsOf } from "../journal/entries.ts";
import { createContainerWorkload } from "./container.ts";
import { type Workload, createWorkload } from "./workload.ts";

/** Docker's own address on Linux. */
export const DOCKER_SOCKET = "/var/run/docker.sock";

/** What a record names: a container of Docker's, or processes of this machine. */
export function openWorkload(record: WorkloadRecord, dockerSocket: string): Workload {
  if (record.container === null) return createWorkload(record);
  const containers = partsOf(record).map((part) => createContainerWorkload(part, dockerSocket));
  return {
    record,
    async isRunning() {
      return (await Promise.all(containers.map((one) => one.isRunning()))).includes(true);
    },
    async terminate() {
      await Promise.all(containers.map((one) => one.terminate()));
    },
    async kill() {
      await Promise.all(containers.map((one) => one.kill()));
    },
  };
}
