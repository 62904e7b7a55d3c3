import { useEffect, useRef, useState } from "react";

// oxlint-disable-next-line import/default -- Vite makes it the built file's URL
import rowsWorkerFile from "./rowsWorker.ts?worker&url";
import { workerUrl } from "../workerUrl.ts";
import type { Ask, Filter, PlacedRow, Told } from "./messages.ts";

/** How far the worker is. */
export type Loading = Extract<Told, { told: "progress" | "loaded" | "failed" }> | null;

export interface Rows {
  readonly state: Loading;
  readonly page: (of: {
    readonly filter: Filter;
    readonly from: number;
    readonly count: number;
  }) => Promise<readonly PlacedRow[]>;
  readonly find: (party: string) => Promise<PlacedRow | null>;
}

/** Downloads, checks and hashes a checkpoint's rows in a worker, which ends with the component. */
export function useRows(epoch: bigint): Rows {
  const [state, setState] = useState<Loading>(null);
  const worker = useRef<Worker>(null);
  const waiting = useRef(new Map<number, (rows: readonly PlacedRow[]) => void>());
  const nextId = useRef(0);
  useEffect(() => {
    const started = new Worker(workerUrl(rowsWorkerFile), { type: "module" });
    worker.current = started;
    const answers = waiting.current;
    started.addEventListener("message", ({ data }: MessageEvent<Told>) => {
      if (data.told === "rows") {
        answers.get(data.id)?.(data.rows);
        answers.delete(data.id);
      } else {
        setState(data);
      }
    });
    started.addEventListener("error", () => {
      const message = "The part of this page that hashes rows did not start.";
      setState({ told: "failed", message, next: "Reload the page." });
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
    started.postMessage({ ask: "load", server: window.location.origin, epoch } satisfies Ask);
    return () => {
      started.terminate();
      answers.clear();
      worker.current = null;
      setState(null);
    };
  }, [epoch]);

  const ask = async (question: (id: number) => Ask): Promise<readonly PlacedRow[]> => {
    const id = nextId.current++;
    const { promise, resolve } = Promise.withResolvers<readonly PlacedRow[]>();
    waiting.current.set(id, resolve);
    worker.current?.postMessage(question(id));
    return await promise;
  };
  return {
    state,
    page: async (of) => await ask((id) => ({ ask: "page", id, ...of })),
    find: async (party) => (await ask((id) => ({ ask: "find", id, party })))[0] ?? null,
  };
}
