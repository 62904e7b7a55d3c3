/** A job as Slurm accounts for it. */
export interface SlurmJob {
  readonly id: string;
  /** Slurm's account that the job is for */
  readonly account: string;
  /** such as `COMPLETED`, or `CANCELLED` without who cancelled it */
  readonly state: string;
  readonly seconds: bigint;
  readonly cpus: bigint;
  readonly memoryBytes: bigint;
  /** by type, such as `h100`; `gpu` for those without one */
  readonly gpus: ReadonlyMap<string, bigint>;
}

/** The fields that `readJobs` reads. */
export const SACCT_FORMAT = "JobIDRaw,Account,State,ElapsedRaw,AllocTRES";

/** States in which a job's account may still change. */
const UNFINISHED = new Set([
  "PENDING",
  "RUNNING",
  "SUSPENDED",
  "COMPLETING",
  "REQUEUED",
  "RESIZING",
]);

/** Whether the job has ended, so that its account is final. */
export function isFinished({ state }: Pick<SlurmJob, "state">): boolean {
  return !UNFINISHED.has(state);
}

/**
 * Reads `sacct --allocations --noheader --parsable2` with the fields of `SACCT_FORMAT`.
 * Skips lines of another form.
 */
export function readJobs(text: string): readonly SlurmJob[] {
  return text.split("\n").flatMap((line) => {
    const [id = "", account = "", state = "", elapsed = "", tres, ...more] = line.trim().split("|");
    if (tres === undefined || more.length > 0 || !/^\d+$/.test(elapsed)) return [];
    return {
      id,
      account,
      state: state.split(" ")[0] ?? "",
      seconds: BigInt(elapsed),
      ...allocated(tres),
    };
  });
}

/** `cpu=16,gres/gpu:h100=2,gres/gpu=2,mem=64G,node=1`: empty if nothing was ever allocated. */
function allocated(tres: string): Pick<SlurmJob, "cpus" | "memoryBytes" | "gpus"> {
  const amounts = new Map<string, string>();
  for (const part of tres.split(",")) {
    const at = part.lastIndexOf("=");
    if (at > 0) amounts.set(part.slice(0, at), part.slice(at + 1));
  }
  const typed = [...amounts].flatMap(([name, amount]) => {
    const [, type] = /^gres\/gpu:(.+)$/.exec(name) ?? [];
    return type === undefined ? [] : [[type, wholeNumber(amount)] as const];
  });
  // With types, Slurm lists their sum as well.
  const untyped = amounts.get("gres/gpu");
  const all =
    typed.length > 0 || untyped === undefined ? typed : [["gpu", wholeNumber(untyped)] as const];
  return {
    cpus: wholeNumber(amounts.get("cpu") ?? "0"),
    memoryBytes: bytesOf(amounts.get("mem") ?? "0"),
    gpus: new Map(all),
  };
}

function wholeNumber(text: string): bigint {
  return /^\d{1,18}$/.test(text) ? BigInt(text) : 0n;
}

const POWERS = ["K", "M", "G", "T", "P"];

/** `64G`, `1.50T`, or mebibytes without a letter. Rounds down. */
function bytesOf(text: string): bigint {
  const [, whole, fraction = "", letter = "M"] =
    /^(\d{1,12})(?:\.(\d{1,6}))?([KMGTP])?$/.exec(text) ?? [];
  if (whole === undefined) return 0n;
  const size = 1_024n ** BigInt(POWERS.indexOf(letter) + 1);
  return (BigInt(`${whole}${fraction}`) * size) / 10n ** BigInt(fraction.length);
}

/** What `scontrol` says of a job that is about to run. */
export interface PendingJob {
  readonly account: string;
  /** the longest that it may run; `null`: for ever */
  readonly limitSeconds: bigint | null;
  readonly restarts: bigint;
  readonly allocated: Pick<SlurmJob, "cpus" | "memoryBytes" | "gpus">;
}

/** Reads `scontrol show job --oneliner JOB`; `null` for anything else. */
export function readPendingJob(text: string): PendingJob | null {
  const fields = new Map(
    text
      .trim()
      .split(/\s+/)
      .map((part) => {
        const at = part.indexOf("=");
        return [part.slice(0, at), part.slice(at + 1)] as const;
      }),
  );
  const account = fields.get("Account");
  const limit = fields.get("TimeLimit");
  if (account === undefined || limit === undefined) return null;
  // Slurm 23.02 and later show AllocTRES; before, TRES.
  const given = fields.get("AllocTRES") ?? "(null)";
  const tres = given === "(null)" ? (fields.get("ReqTRES") ?? fields.get("TRES") ?? "") : given;
  return {
    account,
    limitSeconds: secondsOf(limit),
    restarts: wholeNumber(fields.get("Restarts") ?? "0"),
    allocated: allocated(tres),
  };
}

/** `1-02:03:04`, `01:00:00`; `null` for `UNLIMITED`. */
function secondsOf(text: string): bigint | null {
  const [, days = "0", hours, minutes, seconds] =
    /^(?:(\d{1,6})-)?(\d{1,2}):(\d{2}):(\d{2})$/.exec(text) ?? [];
  if (hours === undefined || minutes === undefined || seconds === undefined) return null;
  return ((BigInt(days) * 24n + BigInt(hours)) * 60n + BigInt(minutes)) * 60n + BigInt(seconds);
}
