import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useMemo } from "react";
import { createPublicClient, http } from "viem";

import { type ChainAccess, ChainAccessContext } from "./chain/ChainAccess.tsx";
import { ServerContext } from "./parts/ServerContext.tsx";
import { Loaded } from "./parts/States.tsx";
import { serverQuery } from "./queries/server.ts";
import { router } from "./router.tsx";

/** The SDK repeats what may help by itself. */
const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, staleTime: 2_000 } },
});

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <WithServer />
    </QueryClientProvider>
  );
}

function WithServer() {
  return (
    <Loaded query={useQuery(serverQuery)}>
      {(server) => (
        <ServerContext value={server}>
          <WithChain rpcUrls={server.rpcUrls} />
        </ServerContext>
      )}
    </Loaded>
  );
}

function WithChain({ rpcUrls }: { readonly rpcUrls: readonly string[] }) {
  const access = useMemo((): ChainAccess | null => {
    const [url] = rpcUrls;
    if (url === undefined) return null;
    return { client: createPublicClient({ transport: http(url) }), through: new URL(url).host };
  }, [rpcUrls]);
  return (
    <ChainAccessContext value={access}>
      <RouterProvider router={router} />
    </ChainAccessContext>
  );
}
