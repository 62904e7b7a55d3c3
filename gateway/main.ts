/** `npm run gateway`: charges in front of an OpenAI-compatible server, which need not change. */
import { inspect } from "node:util";

import { createService } from "@compute-credits/express/charge/service";
import {
  UsageError,
  httpUrl,
  readOptions,
  run,
  wholeNumber,
} from "@compute-credits/platform/process/commandLine";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { hideSecrets } from "@compute-credits/platform/process/hideSecrets";
import { settingsHelp } from "@compute-credits/platform/process/settings";
import { type GatewayConfig, readGatewayConfig, readModels } from "./config.ts";
import { GATEWAY_SETTINGS } from "./settings.ts";
import { startGateway } from "./startGateway.ts";
import { createUpstream } from "./upstream.ts";

const HELP = `npm run gateway -- --upstream URL [options]     charges in front of a server of models

  --upstream URL   an OpenAI-compatible server: vLLM, SGLang, llama.cpp, Ollama, LiteLLM, …
  --models FILE    how each model is charged (docs/gateway.md); else all, at llm.tokens
  --host HOST      listens there; by default 127.0.0.1
  --port PORT      by default 4000; 0 takes any free port
  --help           prints this text

Environment (docs/gateway.md):
${settingsHelp(GATEWAY_SETTINGS)}`;

await run(
  async () => {
    const { values } = readOptions({
      options: {
        upstream: { type: "string" },
        models: { type: "string" },
        host: { type: "string", default: "127.0.0.1" },
        port: { type: "string", default: "4000" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      return;
    }
    if (values.upstream === undefined) {
      throw new UsageError("--upstream is missing: the address of the server that does the work.");
    }
    const url = httpUrl("--upstream", values.upstream);
    const port = wholeNumber("--port", values.port, { least: 0, most: 65_535 });
    const config = readGatewayConfig(process.env);
    const onError = writer(config);
    const { meteringUrl, providerKey: key, upstreamKey, silenceMs, wallets } = config;
    const gateway = await startGateway({
      ...config,
      service: createService({
        server: meteringUrl,
        key,
        onError,
        ...(wallets === null ? {} : { wallets }),
      }),
      upstream: createUpstream({ url, key: upstreamKey, silenceMs }),
      models: readModels(values.models ?? null),
      host: values.host,
      port,
      onError,
    });
    // Programs that start it read the address.
    console.log(JSON.stringify({ url: gateway.url }));
    await new Promise((resolve) => {
      process.once("SIGINT", resolve);
      process.once("SIGTERM", resolve);
    });
    await gateway.stop();
  },
  (error) => (error instanceof ConfigError ? error.message : null),
);

function writer({ providerKey, upstreamKey, meteringUrl }: GatewayConfig) {
  const keys = [providerKey, ...(upstreamKey === null ? [] : [upstreamKey])];
  const hide = hideSecrets({ keys, urls: [meteringUrl] });
  return (error: unknown) => console.error(hide(inspect(error)));
}
