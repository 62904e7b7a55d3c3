import {
  getCheckpoint,
  getRows,
  listCheckpoints,
} from "@compute-credits/api/checkpoints/checkpoints";
import { TEXT, flag, cursorOf, required, rowsAtMost, whole } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

export const listCheckpointsVerb = verb({
  name: "checkpoints list",
  reader: "operator",
  summary: "Lists checkpoints, newest first",
  examples: ["checkpoints list --limit 5"],
  asks: null,
  options: {
    limit: rowsAtMost(100, 20),
    cursor: cursorOf(TEXT),
  },
  async run(context, { limit, cursor }) {
    const query = { limit, ...(cursor === undefined ? {} : { cursor }) };
    const page = await context.publicApi.call(listCheckpoints, { query });
    const checkpoints = page.checkpoints.map(({ checkpoint, status, partyCount, finalAt }) => ({
      epoch: checkpoint.epoch,
      status,
      parties: partyCount,
      spentMicros: checkpoint.spent,
      refundedMicros: checkpoint.refunded,
      earnedMicros: checkpoint.earned,
      finalAt,
      root: checkpoint.root,
    }));
    return show(page, humanLines({ checkpoints, nextCursor: page.nextCursor }));
  },
});

export const showCheckpointVerb = verb({
  name: "checkpoints show",
  reader: "operator",
  summary: "Shows a checkpoint with its signatures, or its rows",
  examples: ["checkpoints show --epoch 3 --rows --json"],
  asks: null,
  options: {
    epoch: required(whole(1n, 10n ** 18n - 1n), "which one"),
    rows: flag("with its rows, up to 10,000"),
  },
  async run(context, { epoch, rows }) {
    const params = { epoch: `${epoch}` };
    return show(
      rows
        ? await context.publicApi.call(getRows, { params })
        : await context.publicApi.call(getCheckpoint, { params }),
    );
  },
});
