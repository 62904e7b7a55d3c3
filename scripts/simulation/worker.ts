/** A server process of the simulation: the real adapters on the shared database, asked over IPC instead of HTTP. */
import { groupCommit } from "../../server/adapters/groupCommit.ts";
import { postgresAllowanceBook } from "../../server/adapters/postgres/allowanceBook.ts";
import { postgresChainBook } from "../../server/adapters/postgres/chainBook.ts";
import { postgresCheckpointBook } from "../../server/adapters/postgres/checkpointBook.ts";
import { postgresHoldBook } from "../../server/adapters/postgres/holdBook.ts";
import { openPgDatabase } from "../../server/adapters/postgres/pgDatabase.ts";
import { priceReader } from "../../server/adapters/postgres/priceReader.ts";
import { rateIndexCache } from "../../server/adapters/postgres/rateIndexCache.ts";
import { postgresUsageLedger } from "../../server/adapters/postgres/usageLedger.ts";
import type { CallAnswer, CallName, CallRequest, Calls } from "./calls.ts";
import { RULES } from "./rules.ts";

const CONNECTIONS = 10;
const GROUP_COMMIT = { maxEvents: 200, lanes: 4 };

const [, , url = ""] = process.argv;
const database = await openPgDatabase(url, CONNECTIONS);
const prices = priceReader(rateIndexCache());
const usage = groupCommit(postgresUsageLedger(database, RULES, prices), GROUP_COMMIT);
const holds = postgresHoldBook(database, RULES, prices);
const allowances = postgresAllowanceBook(database);
const chain = postgresChainBook(database);
const checkpoints = postgresCheckpointBook(database);

const handlers: {
  [Name in CallName]: (input: Calls[Name]["input"]) => Promise<Calls[Name]["output"]>;
} = {
  record: (events) => usage.record(events),
  void: (event) => usage.void(event),
  authorize: (request) => holds.authorize(request),
  capture: (request) => holds.capture(request),
  release: (key) => holds.release(key),
  expire: ({ limit }) => holds.expireDue(limit),
  allow: (signed) => allowances.add(signed),
  revoke: ({ id }) => allowances.revoke(id, "0x00"),
  cursor: () => chain.cursor(),
  apply: (step) => chain.apply(step),
  cut: ({ maxFeeBps }) => checkpoints.cut(maxFeeBps),
};

async function handle<Name extends CallName>(request: CallRequest<Name>): Promise<void> {
  const { sequence, name, input } = request;
  const answer: CallAnswer<Name>["answer"] = await handlers[name](input).then(
    (output) => ({ output }),
    (error: unknown) => ({
      error: error instanceof Error ? `${error.stack}` : String(error),
      code: codeOf(error),
    }),
  );
  process.send?.({ sequence, name, answer } satisfies CallAnswer<Name>);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

// Both ends are this program, of one version: what arrives is what was sent.
process.on("message", (request: CallRequest) => void handle(request));
process.once("disconnect", () => process.exit());
process.send?.("ready");
