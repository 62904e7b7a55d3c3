import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import {
  type CallAnswer,
  type CallName,
  type CallRequest,
  type Calls,
  OUTAGE,
  type StartMessage,
} from "./calls.ts";

/** The answer is unknown, because the process or its database was killed during the call. */
export class AnswerLostError extends Error {
  override readonly name = "AnswerLostError";
}

/** A call threw, although the ledger promises an outcome. */
export class CallFailedError extends Error {
  override readonly name = "CallFailedError";
}

type Output<Name extends CallName> = Calls[Name]["output"];
type PendingCalls = {
  [Name in CallName]: Map<number, PromiseWithResolvers<Output<Name>>>;
};

const PROGRAM = fileURLToPath(new URL("./worker.ts", import.meta.url));

/** Recognises `pg` errors after which it is unknown whether the transaction committed. */
export function isLost(code: string, message: string): boolean {
  return CONNECTION_LOST.has(code) || LOST_MESSAGE.test(message);
}

const CONNECTION_LOST = new Set([
  OUTAGE,
  "57P01",
  "57P02",
  "57P03",
  "08006",
  "ECONNRESET",
  "ECONNREFUSED",
  "EPIPE",
]);
const LOST_MESSAGE =
  /Connection terminated|Client has encountered a connection error|not queryable/;

/**
 * PostgreSQL aborted the transaction because of a concurrent one; the same call can succeed later.
 */
const TRANSACTION_CONFLICTS = new Set(["40001", "40P01"]);

const SETTLEMENT_CALLS = new Set<CallName>(["apply", "cut", "writeOff"]);

/** One server process. The server pool replaces it after a kill. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #pending: PendingCalls = {
    record: new Map(),
    void: new Map(),
    authorize: new Map(),
    capture: new Map(),
    release: new Map(),
    extend: new Map(),
    expire: new Map(),
    allow: new Map(),
    accept: new Map(),
    revoke: new Map(),
    issue: new Map(),
    addCodes: new Map(),
    redeem: new Map(),
    setRule: new Map(),
    claim: new Map(),
    closeCode: new Map(),
    issuingKey: new Map(),
    endIssuingKey: new Map(),
    quote: new Map(),
    utilisation: new Map(),
    receipt: new Map(),
    cursor: new Map(),
    apply: new Map(),
    writeOff: new Map(),
    loseCover: new Map(),
    rollUp: new Map(),
    cut: new Map(),
  };
  #sequence = 0;
  #hasExited = false;
  /** true before it is ready and after a kill: an exit is then no crash */
  #mayExit = true;

  private constructor(child: ChildProcess, onCrash: (error: Error) => void) {
    this.#child = child;
    child.on("message", (message: CallAnswer | StartMessage) => {
      if (typeof message === "object" && "answer" in message) this.#settle(message);
    });
    child.once("exit", (code, signal) => {
      this.#hasExited = true;
      for (const pending of Object.values(this.#pending)) {
        for (const { reject } of pending.values()) {
          reject(new AnswerLostError("the process exited"));
        }
        pending.clear();
      }
      if (!this.#mayExit) {
        onCrash(new Error(`a server process crashed (${code ?? signal})`));
      }
    });
  }

  static async start(url: string, onCrash: (error: Error) => void): Promise<ServerProcess> {
    const child = fork(PROGRAM, [url], { serialization: "advanced" });
    const process = new ServerProcess(child, onCrash);
    const ended = once(child, "exit");
    const [message]: (StartMessage | undefined)[] = await Promise.race([
      once(child, "message"),
      ended.then(() => []),
    ]);
    if (message === "ready") {
      process.#mayExit = false;
      return process;
    }
    await ended;
    throw new Error(`a server process did not start: ${message?.notStarted ?? "it ended"}`);
  }

  call<Name extends CallName>(name: Name, input: Calls[Name]["input"]): Promise<Output<Name>> {
    if (this.#hasExited) return Promise.reject(new AnswerLostError("the process has exited"));
    const sequence = this.#sequence++;
    const resolvers = Promise.withResolvers<Output<Name>>();
    this.#pending[name].set(sequence, resolvers);
    this.#child.send({ sequence, name, input } satisfies CallRequest<Name>, (error) => {
      if (error !== null) resolvers.reject(new AnswerLostError("the process has exited"));
    });
    return resolvers.promise;
  }

  /** Sends SIGSTOP: it keeps its locks and its connections, and answers nothing. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** Sends SIGKILL and waits for the exit. */
  async kill(): Promise<void> {
    this.#mayExit = true;
    if (this.#hasExited) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  #settle<Name extends CallName>({ sequence, name, answer }: CallAnswer<Name>): void {
    const pending = this.#pending[name].get(sequence);
    this.#pending[name].delete(sequence);
    if ("output" in answer) pending?.resolve(answer.output);
    else if (isLost(answer.code, answer.error)) {
      pending?.reject(new AnswerLostError(answer.error));
    } else if (TRANSACTION_CONFLICTS.has(answer.code) && SETTLEMENT_CALLS.has(name)) {
      // The settler and the indexer retry these; for all other calls the ledger promises an
      // outcome.
      pending?.reject(new AnswerLostError(answer.error));
    } else pending?.reject(new CallFailedError(`${name}: ${answer.error}`));
  }
}
