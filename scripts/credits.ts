/** `npm run credits`: acts as a wallet or a provider on the local system of `npm start`. */
import { formatCredits, MAX_MICROS, parseCredits } from "@compute-credits/protocol/amounts";
import {
  closest,
  httpUrl,
  readOptions,
  run,
  UsageError,
} from "@compute-credits/platform/process/commandLine";
import type { Deed } from "./credits/verbs.ts";
import { DEFAULT_PORTS } from "./local/ports.ts";

const SERVER = `http://127.0.0.1:${DEFAULT_PORTS.server}`;
const RPC = `http://127.0.0.1:${DEFAULT_PORTS.rpc}`;

const HELP = `npm run credits -- VERB [OPTIONS]      against the system that npm start runs

  buy       buys --credits for --wallet, with test dollars that it makes for it
  work      gives an API key an allowance of --credits, and lets a provider do one real job for it
  balance   shows what --wallet has in the ledger
  refund    asks --credits of --wallet's unspent credits back
  settle    settles --wallet's row of the last final checkpoint: pays earnings and refunds,
            burns what was spent

  --wallet NAME       alice, bob or provider (alice)
  --credits AMOUNT    with at most six decimals (100)
  --server URL        the metering server (${SERVER})
  --rpc URL           the chain (${RPC})
  --help              this text`;

const VERB_NAMES = ["buy", "work", "balance", "refund", "settle"] as const;
const WALLET_NAMES = ["alice", "bob", "provider"] as const;

await run(async () => {
  const { values, positionals } = readOptions({
    allowPositionals: true,
    options: {
      wallet: { type: "string", default: "alice" },
      credits: { type: "string", default: "100" },
      server: { type: "string", default: SERVER },
      rpc: { type: "string", default: RPC },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }

  const [typed, ...more] = positionals;
  if (typed === undefined) throw new UsageError(`A verb is missing.\n\n${HELP}`);
  const verb = oneOf("verb", typed, VERB_NAMES);
  const [extra] = more;
  if (extra !== undefined) {
    throw new UsageError(
      `"${extra}" is not understood after "${verb}": amounts are --credits, and wallets --wallet.`,
    );
  }
  const walletName = oneOf("wallet", values.wallet, WALLET_NAMES);
  const creditMicros = amount(values.credits);
  const where = { server: httpUrl("--server", values.server), rpc: httpUrl("--rpc", values.rpc) };

  // Loaded only now: a mistake above is answered at once.
  const [{ VERBS }, { explain }, { wallets }] = await Promise.all([
    import("./credits/verbs.ts"),
    import("./credits/explain.ts"),
    import("./local/wallets.ts"),
  ]);
  const deed: Deed = { wallet: wallets[walletName], creditMicros, where };
  await VERBS[verb](deed).catch((error: unknown) => {
    const text = explain(error, where);
    throw text === null ? error : new UsageError(text, { cause: error });
  });
});

function oneOf<Name extends string>(what: string, typed: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === typed);
  if (found !== undefined) return found;
  const meant = closest(typed, names);
  const hint = meant === null ? "" : ` Did you mean "${meant}"?`;
  throw new UsageError(`There is no ${what} "${typed}".${hint} There are ${names.join(", ")}.`);
}

function amount(text: string): bigint {
  try {
    const creditMicros = parseCredits(text);
    if (creditMicros <= MAX_MICROS) return creditMicros;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new UsageError(
    `--credits is an amount like 100 or 12.5, with at most six decimals and at most ${formatCredits(MAX_MICROS)}, not "${text}".`,
  );
}
