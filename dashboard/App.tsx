import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useState } from "react";
import { WagmiProvider } from "wagmi";

import { ChainAccessContext } from "./chain/ChainAccess.tsx";
import { useWalletAccess } from "./chain/useWalletAccess.ts";
import { ServerContext } from "./parts/ServerContext.tsx";
import { Loaded } from "./parts/States.tsx";
import { type ServerFacts, serverQuery } from "./queries/server.ts";
import { router } from "./router.tsx";
import { createWagmiConfig } from "./wallet/wagmiConfig.ts";

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
          <WithWallets server={server} />
        </ServerContext>
      )}
    </Loaded>
  );
}

function WithWallets({ server }: { readonly server: ServerFacts }) {
  const [config] = useState(() => createWagmiConfig(server));
  return (
    <WagmiProvider config={config}>
      <WithChain server={server} />
    </WagmiProvider>
  );
}

function WithChain({ server }: { readonly server: ServerFacts }) {
  return (
    <ChainAccessContext value={useWalletAccess(server)}>
      <RouterProvider router={router} />
    </ChainAccessContext>
  );
}
