/** `npm run dashboard`: builds the page that a metering server hands out. */
import { readOptions, run } from "@compute-credits/platform/process/commandLine";
import { buildDashboard } from "./dashboard/buildDashboard.ts";

const HELP = `npm run dashboard [-- --local]      builds the dashboard, unless nothing changed since

  --local   for npm start: with test wallets, whose keys everyone knows
  --help    this text

A server that starts afterwards hands it out (docs/dashboard.md).`;

await run(async () => {
  const { values } = readOptions({
    options: {
      local: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const { folder, isNew } = await buildDashboard(values.local ? "local" : "production");
  console.log(`${isNew ? "Built" : "Unchanged:"} ${folder}`);
});
