import { glob, readFile } from "node:fs/promises";

import { z } from "zod";

import { AUDITOR_SETTINGS } from "../../auditor/config.ts";
import { GATEWAY_SETTINGS } from "../../gateway/settings.ts";
import { MCP_SETTINGS } from "../../mcp/settings.ts";
import { SERVER_SETTINGS } from "../../server/settings.ts";
import { VARIABLES } from "../credits/frame/commonOptions.ts";
import { type Facts, anchorsOf } from "./checkPage.ts";

/** Pages that people read. Decisions are records: they may name what is gone. */
const PAGES = ["*.md", "docs/*.md", "docs/readers/*.md", "packages/*/README.md"];

const FILES =
  "{auditor,bench,config,contracts,docs,meter,packages,scripts,server,simulation,test}/**";

/** Variables of the tests and of scripts. */
const OTHER_SETTINGS = [
  "TEST_DATABASE_URL",
  "DEPLOYER_PRIVATE_KEY",
  "VIEW_KEY",
  ...Object.keys(VARIABLES),
];

/** Reads what exists in the working folder, which must be the repository's root. */
export async function readFacts(): Promise<Facts & { readonly pages: readonly string[] }> {
  const pages = await found(PAGES);
  const files = await found([FILES, ...PAGES]);
  const texts = await Promise.all(
    [...pages, ...files.filter((path) => path.startsWith("docs/decisions/"))]
      .filter((path) => path.endsWith(".md"))
      .map(async (path) => [path, anchorsOf(await readFile(path, "utf8"))] as const),
  );
  const manifest = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await readFile("package.json", "utf8")));
  const shapes = [SERVER_SETTINGS, AUDITOR_SETTINGS, MCP_SETTINGS, GATEWAY_SETTINGS].flatMap(
    (all) => Object.values<Readonly<Record<string, unknown>>>(all),
  );
  return {
    pages,
    files: new Set(files),
    anchors: new Map(texts),
    npmScripts: new Set(Object.keys(manifest.scripts)),
    settings: new Set([...shapes.flatMap((shape) => Object.keys(shape)), ...OTHER_SETTINGS]),
  };
}

async function found(patterns: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of glob(patterns, { exclude: ["**/node_modules/**"] })) paths.push(path);
  return paths.toSorted();
}
