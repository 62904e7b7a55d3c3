/** How long a person waits before the command says what it waits for. */
const PATIENCE_MS = 2_000;
/** Between two signs of life after that. */
const AGAIN_MS = 15_000;

/** Says on the error stream what a command waits for, once that takes longer than two seconds. */
export function createProgress(err: (text: string) => void, patienceMs = PATIENCE_MS) {
  return async function progress<T>(what: string, work: Promise<T>): Promise<T> {
    const started = performance.now();
    const say = () => {
      err(`… ${what} (${Math.round((performance.now() - started) / 1000)} s)`);
      timer = setTimeout(say, AGAIN_MS);
    };
    let timer = setTimeout(say, patienceMs);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  };
}

export type Progress = ReturnType<typeof createProgress>;
