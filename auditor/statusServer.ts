import { type Server, createServer } from "node:http";

import { jsonText } from "@compute-credits/protocol/jsonText";
import { listen } from "@compute-credits/platform/process/httpServer";
import type { Auditor } from "./auditor.ts";

/**
 * Starts the status server. `GET /healthz`: 200 while the auditor runs and refuses no checkpoint,
 * else 503 with the reason. `GET /findings`: the findings of all refused checkpoints.
 * `GET /signatures`: its newest signatures, for other co-signers. No answer waits for the database.
 * Rejects with `ConfigError` if the port is taken.
 */
export async function startStatusServer(
  { host, port }: { host: string; port: number },
  auditor: Auditor,
  errorNow: () => string | null,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((req, res) => {
    const answer = (status: number, body: unknown) => {
      res.writeHead(status, { "content-type": "application/json" }).end(jsonText(body));
    };
    const refused = auditor.findings();
    const agreed = auditor.agreed;
    switch (req.method === "GET" ? req.url : null) {
      case "/healthz": {
        const error = errorNow();
        answer(error === null && refused.length === 0 ? 200 : 503, {
          error,
          agreedEpoch: agreed?.message.epoch ?? null,
          agreedRoot: agreed?.message.root ?? null,
          refusedEpochs: refused.map(({ cut }) => cut.message.epoch),
        });
        return;
      }
      case "/signatures":
        answer(200, { signatures: auditor.signatures() });
        return;
      case "/findings":
        answer(200, {
          findings: refused.flatMap(({ cut, findings }) =>
            findings.map((finding) => ({ epoch: cut.message.epoch, ...finding })),
          ),
        });
        return;
      default:
        answer(404, { error: "GET /healthz, GET /findings or GET /signatures" });
    }
  });
  return {
    url: await listen(server, { host, port, portSetting: "AUDITOR_PORT" }),
    close: () => closeServer(server),
  };
}

async function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}
