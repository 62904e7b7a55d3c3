import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";

import { ServerContext } from "./parts/ServerContext.tsx";
import { Loaded } from "./parts/States.tsx";
import { type ServerFacts, serverQuery } from "./queries/server.ts";
import { router } from "./router.tsx";
import { hasConnectedBefore, loadWallets } from "./wallet/walletStore.ts";

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
          <Page server={server} />
        </ServerContext>
      )}
    </Loaded>
  );
}

function Page({ server }: { readonly server: ServerFacts }) {
  useEffect(() => {
    if (hasConnectedBefore()) void loadWallets(server).catch(() => undefined);
  }, [server]);
  return <RouterProvider router={router} />;
}
