// Writes a .gz and a .br beside each file of a page that gets smaller by it. SPDX-License-Identifier: MIT
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const COMPRESSED = /\.(gz|br|png|jpg|webp|woff2)$/;
const WORTHWHILE = 0.9;

const coders = {
  '.gz': (data) => gzipSync(data, { level: 9 }),
  '.br': (data) =>
    brotliCompressSync(data, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
      },
    }),
};

function compress(path) {
  const data = readFileSync(path);
  for (const [ending, coder] of Object.entries(coders)) {
    const small = coder(data);
    if (small.length < data.length * WORTHWHILE) {
      writeFileSync(path + ending, small);
    } else {
      rmSync(path + ending, { force: true });
    }
  }
}

function walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      walk(path);
    } else if (!COMPRESSED.test(entry.name)) {
      compress(path);
    }
  }
}

walk(process.argv[2]);
