import { basename } from "node:path";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { Ledger } from "../lease/ledger.ts";
import { openDocker } from "../docker/engine.ts";
import type { WorkloadRecord } from "../journal/entries.ts";
import { attachToContainers, attachToGroups, attachToProcess } from "../workload/attach.ts";
import { prepareWorkload } from "../workload/start.ts";
import { workloadEnvironment } from "./environment.ts";
import { leaseGpus } from "./gpus.ts";
import type { MeterOptions } from "./options.ts";
import { type Prepared, type SessionEnd, openSession } from "./session.ts";

/** Exit codes besides the workload's own. */
const NOT_BEGUN = 69;
const ENDED_BY_THE_AGENT = 75;
const ENDED_BY_A_SIGNAL = 128;

export interface RunContext {
  readonly ledger: Ledger;
  readonly stopping: AbortSignal;
  readonly say: (line: string) => void;
}

/** `run`: starts a command, or takes up one that an earlier agent left. Resolves to an exit code. */
export async function runCommand(options: MeterOptions, context: RunContext): Promise<number> {
  if (options.command.length === 0) {
    throw new UsageError("Say what to run: npm run meter -- run … -- python train.py");
  }
  let code: number | NodeJS.Signals | null = null;
  return await inSession(options, context, async (session, gpus) => {
    const prepare = async () => {
      const started = await prepareWorkload({
        command: options.command,
        env: {
          ...workloadEnvironment(process.env, secretsOf(options)),
          ...visibleGpus(gpus),
        },
        name: `compute-credits-${crypto.randomUUID()}`,
        limits: { memoryBytes: options.measured.memoryLimit, cpus: options.measured.cpus },
        user: options.user,
      });
      const ended = new AbortController();
      const noteEnd = async () => {
        code = await started.ended;
        ended.abort();
      };
      void noteEnd();
      return { ...started, ended: ended.signal };
    };
    const end = await session.begin(prepare);
    return { ...end, code: typeof code === "number" ? code : ENDED_BY_A_SIGNAL };
  });
}

/** CUDA shows a program only these. It does not know dcgm-exporter's names of slices. */
function visibleGpus(gpus: readonly { readonly uuid: string }[]): Record<string, string> {
  const uuids = gpus.map(({ uuid }) => uuid);
  const isKnown = uuids.length > 0 && !uuids.some((uuid) => uuid.includes("/"));
  return isKnown ? { CUDA_VISIBLE_DEVICES: uuids.join() } : {};
}

/** `attach`: meters what runs already. Resolves to an exit code. */
export async function attachCommand(options: MeterOptions, context: RunContext): Promise<number> {
  return await inSession(options, context, async (session) => {
    const record = await attachedOf(options);
    const prepared: Prepared = {
      record,
      ended: new AbortController().signal,
      go: () => undefined,
      cancel: () => Promise.resolve(),
    };
    return await session.begin(() => Promise.resolve(prepared));
  });
}

type Session = Awaited<ReturnType<typeof openSession>>;

type CodedEnd = SessionEnd & { readonly code?: number };

async function inSession(
  options: MeterOptions,
  { ledger, stopping, say }: RunContext,
  begin: (session: Session, gpus: readonly { readonly uuid: string }[]) => Promise<CodedEnd>,
): Promise<number> {
  const { gpus: wanted, exporterUrl } = options.measured;
  const gpus = await leaseGpus({ wanted, exporterUrl });
  const session = await openSession({ options, ledger, gpus, stopping, say });
  try {
    const end: CodedEnd = (await session.resume()) ?? (await begin(session, gpus.gpus));
    if (end.is === "not_begun") {
      say(`nothing was started: ${end.said}`);
      return NOT_BEGUN;
    }
    if (!end.isSettled) {
      const name = basename(options.folder);
      say(`not all is charged yet: run the same command with --name ${name} to send it`);
    }
    return end.why === "workload_ended" ? (end.code ?? 0) : ENDED_BY_THE_AGENT;
  } finally {
    await session.close();
    gpus.close();
  }
}

async function attachedOf(options: MeterOptions): Promise<WorkloadRecord> {
  const { pids, cgroups, containers } = options.attached;
  const kinds = [pids, cgroups, containers].filter(({ length }) => length > 0);
  if (kinds.length !== 1) {
    throw new UsageError(
      "Name what runs: --pid PID, --cgroup FOLDER or --container NAME. Several of one of these are " +
        "charged together; of different ones, a process could count twice.",
    );
  }
  const [first, ...others] = [
    ...pids.map(attachToProcess),
    ...attachToGroups(cgroups),
    ...(await attachToContainers(openDocker(options.dockerSocket), containers)),
  ];
  if (first === undefined) throw new Error("nothing was attached");
  return others.length === 0 ? first : { ...first, others };
}

function secretsOf({ providerKey, payer, meterKey }: MeterOptions): readonly string[] {
  return [
    providerKey,
    ...("apiKey" in payer ? [payer.apiKey] : []),
    ...(meterKey === null ? [] : [meterKey]),
  ];
}
