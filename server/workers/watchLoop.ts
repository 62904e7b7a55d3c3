import type { Check } from "@compute-credits/platform/process/health";
import { settlementAlarms } from "./settlement/alarms.ts";
import { type Loop, startLoop } from "@compute-credits/platform/process/loop";
import type { SettlementDeps } from "./settlement/openSettler.ts";

/** The deadlines that are watched are seconds long at least. */
const LEAST_PAUSE_MS = 1_000;

/** Looks for what an operator must act on, on every server: also on those that do not settle. */
export function watchLoop({ config, context, workers, log }: SettlementDeps): Loop {
  const { chainStore, disputes, terms } = context;
  const refundAlarmSeconds = config.refundAlarmSeconds ?? terms.refundWindowSeconds / 2;
  let told = "";
  return startLoop(
    async () => {
      const alarms = await settlementAlarms({ ...terms, chainStore, disputes, refundAlarmSeconds });
      const checks = alarms.map(({ name, message, isFatal }): Check =>
        isFatal ? { name, error: message } : { name, error: null, warning: message },
      );
      workers.raise(checks);
      // Once for each, or the log would hold nothing else.
      const telling = alarms.map(({ message }) => message).join("; ");
      if (telling !== told && telling !== "") log.error({ alarms }, telling);
      told = telling;
      workers.succeeded("watch");
      return "done";
    },
    {
      pauseMs: Math.max(config.pollMs, LEAST_PAUSE_MS),
      onError(error) {
        workers.failed("watch", error);
        log.error({ err: error }, "refunds and challenges could not be watched");
      },
    },
  );
}
