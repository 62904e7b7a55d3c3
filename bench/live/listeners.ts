/** The listeners' process: streams that read as they are sent, and count balances. */
import { Agent, type ClientRequest, get } from "node:http";

/** The streams to open: one for each account, with its owner's token. */
export interface Listen {
  readonly url: string;
  readonly owners: readonly { readonly account: string; readonly token: string }[];
}

export type ToListeners = { readonly listen: Listen } | "close";

/** After `listen` when each stream has its first balance; after `close` with all that came. */
export type FromListeners = { readonly balances: number };

const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
let open: ClientRequest[] = [];
let balances = 0;

process.on("message", (message: ToListeners) => {
  if (message === "close") {
    for (const request of open) request.destroy();
    open = [];
    tell();
  } else {
    balances = 0;
    void listen(message.listen).then(tell);
  }
});

function tell(): void {
  process.send?.({ balances } satisfies FromListeners);
}

async function listen({ url, owners }: Listen): Promise<void> {
  await Promise.all(
    owners.map(({ account, token }) =>
      first(`${url}/v1/accounts/${account}/events?kinds=balance`, token),
    ),
  );
}

/** Resolves when the stream has begun. */
function first(url: string, token: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
    if (answer.statusCode !== 200) reject(new Error(`a stream was answered ${answer.statusCode}`));
    answer.setEncoding("utf8");
    answer.on("data", (text: string) => {
      const told = text.split("event:balance").length - 1;
      balances += told;
      if (told > 0) resolve();
    });
    answer.on("error", () => undefined);
  });
  // Closed by this process.
  request.on("error", reject);
  open.push(request);
  return promise;
}
