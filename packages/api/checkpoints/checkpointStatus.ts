import { z } from "zod";

/** What has become of a checkpoint (docs/settlement.md). */
export const CheckpointStatus = z.enum(["prepared", "pending", "final", "dropped", "abandoned"]);
