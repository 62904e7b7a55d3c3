import { type Response, Router } from "express";

import { compressedFile } from "../../http/compressedFile.ts";

/**
 * `GET /docs`: the API, to read and to try, by @scalar/api-reference from this server.
 * `GET /openapi.json`: its description as OpenAPI 3.1.
 *
 * The page runs only this server's scripts and asks only this server. Scalar puts its style sheets
 * into the page, so styles alone may be inline.
 */
export function apiPageRoutes(): Router {
  const router = Router();

  router.get("/openapi.json", async (_req, res) => {
    await send(res, "application/json", OPEN_API);
  });

  router.get("/docs", (_req, res) => {
    res.set("content-security-policy", POLICY).type("html").send(PAGE);
  });

  router.get("/docs/start.js", (_req, res) => {
    res.type("text/javascript").send(START);
  });

  router.get("/docs/scalar.js", async (_req, res) => {
    await send(res, "text/javascript", SCALAR);
  });

  return router;
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Compute Credits: the HTTP API</title>
  </head>
  <body>
    <div id="api"></div>
    <noscript>This page needs JavaScript. /openapi.json has the same.</noscript>
    <script src="/docs/scalar.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/** Fonts, analytics, the hosted client and the assistant would ask other servers. */
const START = `Scalar.createApiReference("#api", ${JSON.stringify({
  url: "/openapi.json",
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
})});
`;

/** 1.4 MB for both. */
const OPEN_API = compressedFile(new URL(import.meta.resolve("@compute-credits/api/openapi.json")));

const SCALAR = compressedFile(
  new URL("browser/standalone.js", import.meta.resolve("@scalar/api-reference")),
);

/** Every browser, and every usual client, takes gzip. */
async function send(res: Response, type: string, content: () => Promise<Buffer>): Promise<void> {
  res.type(type).set({ "content-encoding": "gzip", "cache-control": "public, max-age=300" });
  res.send(await content());
}
