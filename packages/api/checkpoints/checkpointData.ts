import { z } from "zod";

import { route } from "../route.ts";
import { EpochField, EpochParams } from "./checkpoints.ts";

export const getCheckpointData = route({
  id: "getCheckpointData",
  weight: "heavyRead",
  method: "get",
  path: "/v1/checkpoints/{epoch}/data",
  tag: "checkpoints",
  summary: "Its rows as a file, or the changes `?since=` another",
  description:
    "The file whose hash was signed: `application/vnd.compute-credits.table`, or " +
    "`application/vnd.compute-credits.difference` with `since`. docs/checkpoint-data.md has the " +
    "formats. A final file never changes: caches may keep it.",
  callers: ["anyone"],
  params: EpochParams,
  query: z.strictObject({ since: EpochField.optional() }),
  answers: {
    200: {
      description: "The file.",
      contentTypes: [
        "application/vnd.compute-credits.table",
        "application/vnd.compute-credits.difference",
      ],
    },
    304: { description: "The client has the file already.", contentTypes: [] },
  },
  reasons: ["checkpoint_not_found", "data_not_available", "since_not_before"],
});
