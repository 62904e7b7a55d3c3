import { queryOptions } from "@tanstack/react-query";
import { z } from "zod";

import {
  type ServerDeployment,
  readDeployment,
} from "@compute-credits/client/deployment/readDeployment";
import { api } from "./api.ts";

/** What the whole page needs to know of its server. It does not change while the server runs. */
export interface ServerFacts extends ServerDeployment {
  /** endpoints of the chain that the operator lets this page ask itself; may be none */
  readonly rpcUrls: readonly string[];
}

const Settings = z.object({ rpcUrls: z.array(z.url()).max(100) });

export const serverQuery = queryOptions({
  queryKey: ["server"],
  staleTime: Infinity,
  queryFn: async ({ signal }): Promise<ServerFacts> => {
    const [deployment, settings] = await Promise.all([
      readDeployment(api, { signal }),
      api.get("/dashboard.json"),
    ]);
    const { rpcUrls } = Settings.parse(settings);
    return { ...deployment, rpcUrls };
  },
});
