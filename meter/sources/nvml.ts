import koffi, { type LibraryHandle } from "koffi";

/** A GPU or a MIG slice of one, as NVML names it. */
export interface GpuDevice {
  /** `GPU-…` or `MIG-…` */
  readonly uuid: string;
  /** such as `NVIDIA H100 80GB HBM3`, or `NVIDIA A100-SXM4-40GB MIG 1g.5gb` */
  readonly name: string;
}

/** What a device shows besides being there. It is no part of any price. */
export interface GpuEvidence {
  /** per cent of the last sample in which a kernel ran; `null` for a slice, which NVML cannot tell */
  readonly utilisationPercent: number | null;
  /** millijoules since the driver was loaded; `null` on devices older than Volta */
  readonly energyMillijoules: bigint | null;
}

/** NVIDIA's management library (NVML), which comes with the driver. */
export interface Nvml {
  /** Whole GPUs, or the slices of one that is in MIG mode. */
  devices(): readonly GpuDevice[];
  evidence(uuid: string): GpuEvidence;
  close(): void;
}

/** NVML cannot be used here. */
export class NvmlError extends Error {
  override readonly name = "NvmlError";
}

const LIBRARY = "libnvidia-ml.so.1";

/** nvml.h: NVML_DEVICE_UUID_V2_BUFFER_SIZE and NVML_DEVICE_NAME_V2_BUFFER_SIZE are 96. */
const NAME_BYTES = 96;

const SUCCESS = 0;

/** The codes of nvmlReturn_t that say that a device lacks something. */
const LACKS = new Set([3, 6]);

/** Loads the library and starts it. Throws an `NvmlError` that says what to do. */
export function openNvml(path = LIBRARY): Nvml {
  let library: LibraryHandle;
  try {
    library = koffi.load(path);
  } catch (cause) {
    throw new NvmlError(`${path} is not here: install NVIDIA's driver, or leave --gpu out`, {
      cause,
    });
  }
  const bind = (name: string, parameters: readonly string[]) => {
    const bound = library.func(name, "int", [...parameters]);
    return (...args: readonly unknown[]): number => bound(...args);
  };
  const call = {
    init: bind("nvmlInit_v2", []),
    shutdown: bind("nvmlShutdown", []),
    count: bind("nvmlDeviceGetCount_v2", ["_Out_ uint32_t *"]),
    byIndex: bind("nvmlDeviceGetHandleByIndex_v2", ["uint32_t", "_Out_ void **"]),
    byUuid: bind("nvmlDeviceGetHandleByUUID", ["const char *", "_Out_ void **"]),
    uuid: bind("nvmlDeviceGetUUID", ["void *", "_Out_ uint8_t *", "uint32_t"]),
    name: bind("nvmlDeviceGetName", ["void *", "_Out_ uint8_t *", "uint32_t"]),
    migMode: bind("nvmlDeviceGetMigMode", ["void *", "_Out_ uint32_t *", "_Out_ uint32_t *"]),
    migCount: bind("nvmlDeviceGetMaxMigDeviceCount", ["void *", "_Out_ uint32_t *"]),
    migByIndex: bind("nvmlDeviceGetMigDeviceHandleByIndex", [
      "void *",
      "uint32_t",
      "_Out_ void **",
    ]),
    // struct nvmlUtilization_t { unsigned int gpu, memory; }
    utilisation: bind("nvmlDeviceGetUtilizationRates", ["void *", "_Out_ uint32_t *"]),
    energy: bind("nvmlDeviceGetTotalEnergyConsumption", ["void *", "_Out_ uint64_t *"]),
  };

  function described(handle: unknown): GpuDevice {
    return {
      uuid: text("the UUID", (out) => call.uuid(handle, out, NAME_BYTES)),
      name: text("the name", (out) => call.name(handle, out, NAME_BYTES)),
    };
  }

  /** The slices of a GPU; `null` if it is used whole. */
  function slices(handle: unknown): readonly GpuDevice[] | null {
    const pending = [0];
    const mode = filled<number>("the MIG mode", (out) => call.migMode(handle, out, pending), 0);
    if (mode !== 1) return null;
    const most = filled<number>("the slices", (out) => call.migCount(handle, out), 0) ?? 0;
    return Array.from({ length: most }, (_, index) => index).flatMap((index) => {
      const slice = filled<unknown>("a slice", (out) => call.migByIndex(handle, index, out), null);
      return slice === null ? [] : [described(slice)];
    });
  }

  check("its start", call.init());
  return {
    devices() {
      const count = filled<number>("the count", (out) => call.count(out), 0) ?? 0;
      return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
        const handle = filled<unknown>("a GPU", (out) => call.byIndex(index, out), null);
        return slices(handle) ?? [described(handle)];
      });
    },
    evidence(uuid) {
      const handle = filled<unknown>("a GPU", (out) => call.byUuid(uuid, out), null);
      const rates = new Uint32Array(2);
      const code = call.utilisation(handle, rates);
      if (!LACKS.has(code)) check("the utilisation", code);
      const energy = filled<number | bigint>("the energy", (out) => call.energy(handle, out), 0);
      return {
        utilisationPercent: code === SUCCESS ? (rates[0] ?? null) : null,
        energyMillijoules: energy === null ? null : BigInt(energy),
      };
    },
    close: () => void call.shutdown(),
  };
}

function check(what: string, code: number): void {
  if (code !== SUCCESS) throw new NvmlError(`NVML: ${what} failed with code ${code}`);
}

/** Calls what fills a value; `null` if this device has none. */
function filled<T>(what: string, ask: (out: T[]) => number, empty: T): T | null {
  const out = [empty];
  const code = ask(out);
  if (LACKS.has(code)) return null;
  check(what, code);
  return out[0] ?? null;
}

function text(what: string, ask: (out: Buffer) => number): string {
  const bytes = Buffer.alloc(NAME_BYTES);
  check(what, ask(bytes));
  return bytes.toString("utf8", 0, bytes.indexOf(0));
}

/** The model as rate cards name it: `H100` of `NVIDIA H100 80GB HBM3`. */
export function modelOf(name: string): string {
  const words = name.replace(/^(NVIDIA|Tesla|GeForce|Quadro)\s+/gi, "").split(/[\s-]+/);
  return words.find((word) => /\d/.test(word)) ?? name;
}

/** The profile of a MIG slice, such as `1g.5gb`; `null` for a whole GPU. */
export function migProfileOf(name: string): string | null {
  return /\bMIG (\S+)/.exec(name)?.[1] ?? null;
}
