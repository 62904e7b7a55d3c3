import type { WorkloadRecord } from "../journal/entries.ts";
import { createContainerWorkload } from "./container.ts";
import { type Workload, createWorkload } from "./workload.ts";

/** Docker's own address on Linux. */
export const DOCKER_SOCKET = "/var/run/docker.sock";

/** What a record names: a container of Docker's, or processes of this machine. */
export function openWorkload(record: WorkloadRecord, dockerSocket: string): Workload {
  return record.container === null
    ? createWorkload(record)
    : createContainerWorkload(record, dockerSocket);
}
