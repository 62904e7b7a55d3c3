import { createContext, use } from "react";

import type { ServerFacts } from "../queries/server.ts";

export const ServerContext = createContext<ServerFacts | null>(null);

/** What is known of the server. Only for what is inside of `App`. */
export function useServer(): ServerFacts {
  const server = use(ServerContext);
  if (server === null) throw new Error("outside of ServerContext");
  return server;
}
