import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import type { CallAnswer, CallName, CallRequest, Calls } from "./calls.ts";

/** The answer is unknown: the process, or the database under it, was killed meanwhile. */
export class AnswerLost extends Error {
  override readonly name = "AnswerLost";
}

/** A call that threw where the ledger promises an outcome. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
}

type Output<Name extends CallName> = Calls[Name]["output"];
type Waiting = {
  [Name in CallName]: Map<number, PromiseWithResolvers<Output<Name>>>;
};

const PROGRAM = fileURLToPath(new URL("./worker.ts", import.meta.url));

/** What `pg` says where the connection or the server is gone: nobody knows whether the transaction committed. */
export function isLost(code: string, message: string): boolean {
  return LOST.has(code) || LOST_MESSAGE.test(message);
}

const LOST = new Set(["57P01", "57P02", "57P03", "08006", "ECONNRESET", "ECONNREFUSED", "EPIPE"]);
const LOST_MESSAGE =
  /Connection terminated|Client has encountered a connection error|not queryable/;

/** After these the same call can succeed: a race between transactions that PostgreSQL ended. */
const RACES = new Set(["40001", "40P01"]);

/** One server process. It is restarted by whoever killed it. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #waiting: Waiting = {
    record: new Map(),
    void: new Map(),
    authorize: new Map(),
    capture: new Map(),
    release: new Map(),
    expire: new Map(),
    allow: new Map(),
    revoke: new Map(),
    issue: new Map(),
    quote: new Map(),
    utilisation: new Map(),
    promise: new Map(),
    cursor: new Map(),
    apply: new Map(),
    cut: new Map(),
  };
  #sequence = 0;
  #isEnded = false;
  /** until it is ready, and once it has been killed, its end is no surprise */
  #isMeantToEnd = true;

  private constructor(child: ChildProcess, onCrash: (error: Error) => void) {
    this.#child = child;
    child.on("message", (answer: CallAnswer | "ready") => {
      if (answer !== "ready") this.#settle(answer);
    });
    child.once("exit", (code, signal) => {
      this.#isEnded = true;
      for (const waiting of Object.values(this.#waiting)) {
        for (const { reject } of waiting.values()) reject(new AnswerLost("the process ended"));
        waiting.clear();
      }
      if (!this.#isMeantToEnd) {
        onCrash(new Error(`a server process ended by itself (${code ?? signal})`));
      }
    });
  }

  static async start(url: string, onCrash: (error: Error) => void): Promise<ServerProcess> {
    const child = fork(PROGRAM, [url], { serialization: "advanced" });
    const process = new ServerProcess(child, onCrash);
    await Promise.race([
      once(child, "message"),
      once(child, "exit").then(() => {
        throw new Error("a server process did not start");
      }),
    ]);
    process.#isMeantToEnd = false;
    return process;
  }

  call<Name extends CallName>(name: Name, input: Calls[Name]["input"]): Promise<Output<Name>> {
    if (this.#isEnded) return Promise.reject(new AnswerLost("the process has ended"));
    const sequence = this.#sequence++;
    const resolvers = Promise.withResolvers<Output<Name>>();
    this.#waiting[name].set(sequence, resolvers);
    this.#child.send({ sequence, name, input } satisfies CallRequest<Name>, (error) => {
      if (error !== null) resolvers.reject(new AnswerLost("the process is gone"));
    });
    return resolvers.promise;
  }

  /** SIGKILL: no goodbye to anybody. */
  async kill(): Promise<void> {
    this.#isMeantToEnd = true;
    if (this.#isEnded) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  #settle<Name extends CallName>({ sequence, name, answer }: CallAnswer<Name>): void {
    const waiting = this.#waiting[name].get(sequence);
    this.#waiting[name].delete(sequence);
    if ("output" in answer) waiting?.resolve(answer.output);
    else if (isLost(answer.code, answer.error)) {
      waiting?.reject(new AnswerLost(answer.error));
    } else if (RACES.has(answer.code) && (name === "apply" || name === "cut")) {
      // The workers that call these two try again by design; everybody else is promised an outcome.
      waiting?.reject(new AnswerLost(answer.error));
    } else waiting?.reject(new CallFailed(`${name}: ${answer.error}`));
  }
}
