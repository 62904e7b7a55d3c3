import { ConfigError } from "../process/environment.ts";

/** No endpoint answers. Only a first start needs one. */
export class ChainUnreachable extends ConfigError {
  constructor(cause: unknown) {
    // Without the cause's text, which names the endpoint with its key.
    super("cannot reach the chain that RPC_URL names: start its node, or set another endpoint", {
      cause,
    });
  }
}
