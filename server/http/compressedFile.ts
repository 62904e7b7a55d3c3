import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** A file of the installation, read and compressed with gzip when it is first asked for. */
export function compressedFile(file: URL | string): () => Promise<Buffer> {
  let content: Promise<Buffer> | null = null;
  return async () => {
    content ??= readFile(file).then(promisify(gzip));
    return await content;
  };
}
