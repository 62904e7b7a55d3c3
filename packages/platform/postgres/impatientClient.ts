import { Client, type PoolConfig } from "pg";

import { CONNECTION_LIMITS } from "./sessionLimits.ts";

/** A client that never waits for long: neither for a new connection, nor for the end of one. */
export class ImpatientClient extends Client {
  // The pool's own limit is for the wait and may be longer.
  constructor(options?: PoolConfig) {
    super({ ...options, connectionTimeoutMillis: CONNECTION_LIMITS.connectMs });
  }

  override end(): Promise<void>;
  override end(callback: (error: Error) => void): void;
  override end(callback?: (error: Error) => void): Promise<void> | void {
    const timer = setTimeout(() => this.cutOff(), CONNECTION_LIMITS.closeMs).unref();
    this.once("end", () => clearTimeout(timer));
    return callback === undefined ? super.end() : super.end(callback);
  }

  /** Ends the connection at once, without a farewell. What waits for an answer rejects. */
  cutOff(): void {
    this.connection.stream.destroy();
  }
}
