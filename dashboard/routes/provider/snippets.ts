import type { Address } from "viem";

/** What a snippet needs of this server and of the reader's card. */
export interface SnippetValues {
  /** of the metering server */
  readonly server: string;
  readonly provider: Address;
  /** a meter that the card has a fixed rate for, if it has any */
  readonly meter: string;
}

export const SNIPPETS = ["middleware", "gateway", "agent"] as const;

export type SnippetKind = (typeof SNIPPETS)[number];

/** What each way of charging is for, and the lines that do it with these values. */
export const snippetOf: Readonly<
  Record<
    SnippetKind,
    (values: SnippetValues) => { readonly purpose: string; readonly text: string }
  >
> = {
  middleware: ({ server, provider, meter }) => ({
    purpose: "A service in Express: one line before a handler charges its requests.",
    text: `import express from "express";

import { createCredits } from "@compute-credits/express";

// A key of ${provider}
const credits = createCredits({ server: "${server}", key: process.env.PROVIDER_KEY });

const app = express();
app.use(express.json());
app.post(
  "/work",
  credits.charge({ lines: { work: { meter: "${meter}", quantity: 1n } } }),
  (req, res) => {
    res.json({ done: true });
  },
);
app.listen(3000, "127.0.0.1");
`,
  }),
  gateway: ({ server, provider }) => ({
    purpose: "A server of language models with OpenAI's API: the gateway stands in front of it.",
    text: `# provider.key has a key of ${provider}
METERING_URL=${server} PROVIDER_KEY_FILE=provider.key \\
  npm run gateway -- --upstream http://127.0.0.1:8000 --port 8081
`,
  }),
  agent: ({ server, provider }) => ({
    purpose: "A program that runs on your machine: the agent measures it, and ends it in time.",
    text: `# provider.key has a key of ${provider}, customer.key the one that pays
npm run meter -- run --server ${server} --key-file provider.key \\
  --payer-key-file customer.key --cpu --memory -- ./job
`,
  }),
};
