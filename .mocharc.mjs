import { IS_FULL, repeated } from "./test/fixtures/effort.ts";

/** `npm run test:ts`. The tests of test/contracts/ need a build: `npm run test:contracts` runs them. */
export default {
  // The longest files first, so that no worker ends long after the others.
  spec: [
    "test/{simulation,docs,e2e,scripts/recover,platform/postgres}/**/*.test.ts",
    "test/{integration,server/http}/**/*.test.ts",
    "test/!(simulation|e2e|integration|contracts|full)/**/*.test.ts",
    ...(IS_FULL ? ["test/full/**/*.test.ts"] : []),
  ],
  require: [
    "test/fixtures/workerMessages.ts",
    "test/fixtures/sharedDatabases.ts",
    "test/fixtures/postgresServer.ts",
    "test/fixtures/describedAnswers.ts",
  ],
  timeout: repeated(120_000),
  parallel: true,
  // A worker waits for databases, processes and limits of time in three seconds of four.
  jobs: 3,
};
