import { PAGES } from "@compute-credits/api/bounds";
import { listCuts, listSegments, readLog } from "@compute-credits/api/log/usageLog";
import { TEXT, count, optional, rowsAtMost, whole, withDefault } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

const after = withDefault(whole(0n, 10n ** 18n - 1n), "goes on after this number", "0");

export const logEntriesVerb = verb({
  name: "log entries",
  reader: "operator",
  summary: "Reads entries of the usage log",
  details: "For auditors and signers. With --json whole entries, as docs/log-archive.md has them.",
  examples: ["log entries --limit 100 --json --key-file auditor.key"],
  asks: null,
  options: {
    since: optional(TEXT, "a snapshot: entries that it does not see"),
    upTo: optional(TEXT, "a snapshot: entries that it sees; now if absent"),
    after: optional(TEXT, "nextCursor of the page before, of the same window"),
    limit: withDefault(count(1, PAGES.entries.most), "entries at most", "100"),
  },
  async run(context, { since, upTo, after: cursor, limit }) {
    const query = {
      limit,
      ...(since === undefined ? {} : { since }),
      ...(upTo === undefined ? {} : { upTo }),
      ...(cursor === undefined ? {} : { after: cursor }),
    };
    const page = await context.api.call(readLog, { query });
    const entries = page.entries.map(({ order, transaction, kind }) => ({
      order,
      transaction,
      kind,
    }));
    return show(page, humanLines({ entries, upTo: page.upTo, nextCursor: page.nextCursor }));
  },
});

export const logCutsVerb = verb({
  name: "log cuts",
  reader: "operator",
  summary: "Lists every checkpoint that was ever cut",
  details: "For auditors and signers. Dropped ones are among them.",
  examples: ["log cuts --key-file auditor.key"],
  asks: null,
  options: { after, limit: rowsAtMost(PAGES.checkpoints.most, 20) },
  async run(context, { after: last, limit }) {
    const answer = await context.api.call(listCuts, { query: { after: `${last}`, limit } });
    const cuts = answer.cuts.map(({ id, checkpoint, status }) => ({
      id,
      epoch: checkpoint.epoch,
      status,
      root: checkpoint.root,
    }));
    return show(answer, humanLines({ cuts }));
  },
});

export const logSegmentsVerb = verb({
  name: "log segments",
  reader: "operator",
  summary: "Lists the published log's hashes and signed heads",
  details: "For auditors and signers.",
  examples: ["log segments --key-file auditor.key"],
  asks: null,
  options: { after, limit: rowsAtMost(PAGES.list.most) },
  async run(context, { after: last, limit }) {
    const answer = await context.api.call(listSegments, { query: { after: `${last}`, limit } });
    const segments = answer.segments.map(({ number, entries, head, publishedAt }) => ({
      number,
      entries,
      publishedAt,
      head,
    }));
    return show(answer, humanLines({ segments }));
  },
});
