/** `npm run mcp`: lets an AI agent read what it may spend, over the Model Context Protocol. */
import { inspect } from "node:util";

import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";

import { readOptions, run, wholeNumber } from "@compute-credits/platform/process/commandLine";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { hideSecrets } from "@compute-credits/platform/process/hideSecrets";
import { settingsHelp } from "@compute-credits/platform/process/settings";
import { createAgent } from "./agent.ts";
import { type McpConfig, readMcpConfig } from "./config.ts";
import { createMcpServer } from "./createServer.ts";
import { serveHttp } from "./serveHttp.ts";
import { MCP_SETTINGS } from "./settings.ts";

const HELP = `npm run mcp -- [options]     lets an AI agent use Compute Credits (MCP)

  --http PORT   serves Streamable HTTP at http://127.0.0.1:PORT/mcp; 0 takes any free port
  --help        prints this text

Without --http it serves its standard input and output. In an MCP client's settings:
  { "command": "npm", "args": ["run", "--silent", "mcp"], "env": { "API_KEY_FILE": "…" } }

Environment (docs/agents.md):
${settingsHelp(MCP_SETTINGS)}`;

/** One message of a client. */
const MOST_MESSAGE_BYTES = 1_048_576;

await run(
  async () => {
    const { values } = readOptions({
      options: { http: { type: "string" }, help: { type: "boolean", default: false } },
    });
    if (values.help) {
      console.log(HELP);
      return;
    }
    const config = readMcpConfig(process.env);
    const agent = createAgent(config);
    const onBug = writer(config);
    const factory = () => createMcpServer(agent, onBug);
    if (values.http === undefined) {
      const transport = new StdioServerTransport(process.stdin, process.stdout, {
        maxBufferSize: MOST_MESSAGE_BYTES,
      });
      serveStdio(factory, { transport, onerror: onBug });
      return;
    }
    const port = wholeNumber("--http", values.http, { least: 0, most: 65_535 });
    if (config.token === null) {
      throw new ConfigError("--http needs MCP_TOKEN or MCP_TOKEN_FILE: 32 random characters");
    }
    const serving = await serveHttp(factory, { port, token: config.token, onBug });
    // Programs that start it read the address.
    console.log(JSON.stringify({ url: serving.url }));
    await new Promise((resolve) => {
      process.once("SIGINT", resolve);
      process.once("SIGTERM", resolve);
    });
    await serving.stop();
  },
  (error) => (error instanceof ConfigError ? error.message : null),
);

/** Standard output belongs to the protocol. */
function writer({ apiKey, viewKey, issuingKey, owner, token, serverUrl }: McpConfig) {
  const keys = [apiKey, viewKey, issuingKey, owner?.privateKey, token];
  const hide = hideSecrets({ keys: keys.flatMap((key) => key ?? []), urls: [serverUrl] });
  return (error: unknown) => console.error(hide(inspect(error)));
}
