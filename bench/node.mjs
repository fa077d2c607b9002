// Runs a WASI command on Node: node bench/node.mjs MODULE [ARGS...]
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

const [path, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: 'preview1', args: [path, ...args] });
const module = new WebAssembly.Module(readFileSync(path));
wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()));
