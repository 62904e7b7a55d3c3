import { readFile } from "node:fs/promises";

import { z } from "zod";

import { openApiDocument } from "@compute-credits/api/openapi/document";
import { ROUTES } from "@compute-credits/api/table";

/** Where the document is committed. The server shows this file. */
export const OPEN_API_FILE = "packages/api/openapi.json";

/** The OpenAPI document of the route table, as text. */
export async function openApiText(): Promise<string> {
  const manifest = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile("package.json", "utf8")));
  return `${JSON.stringify(openApiDocument(ROUTES, manifest.version), null, 2)}\n`;
}
