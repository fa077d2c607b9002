// Does with V8 what tests/fuzz/vm.c did with hostel: alone FIRST COUNT | node v8.mjs
//
// Of every module that `alone` writes the functions are called as there, and what can be seen is
// compared with the text that comes with it: results, globals, traps with their places, memory.
// Prints how many modules did the same; fails at the first that did not, and keeps it.
import { writeFileSync } from 'node:fs';

const CALLED = 50, FRAMES = 8, LOCALS = ['i32', 'i64', 'f32', 'f64'];
Error.stackTraceLimit = FRAMES;

const traps = [
  [/unreachable/, 'unreachable executed'],
  [/divide by zero|remainder by zero/, 'integer divide by zero'],
  [/divide result unrepresentable/, 'integer overflow'],
  [/memory access out of bounds/, 'out of bounds memory access'],
];

// V8 has one text for the two reasons why a float is no integer.
const UNREPRESENTABLE = /float unrepresentable/;
const FLOAT_TRAPS = /(integer overflow|invalid conversion to integer)(?= #)/g;

const bits = new DataView(new ArrayBuffer(8));

// The first call's arguments are zeros, the second's these bits.
function argument(type, index, round) {
  const number = round ? 0x4010000040800007n + BigInt(index) : 0n;
  bits.setBigUint64(0, number, true);
  switch (type) {
    case 'i32': return bits.getInt32(0, true);
    case 'i64': return bits.getBigInt64(0, true);
    case 'f32': return bits.getFloat32(0, true);
    default: return bits.getFloat64(0, true);
  }
}

function shown(type, value) {
  bits.setBigUint64(0, 0n, true);
  if (type === 'i32') bits.setInt32(0, value, true);
  if (type === 'i64') bits.setBigInt64(0, value, true);
  if (type === 'f32' && !Number.isNaN(value)) bits.setFloat32(0, value, true);
  if (type === 'f64' && !Number.isNaN(value)) bits.setFloat64(0, value, true);
  return ` ${type}:${bits.getBigUint64(0, true).toString(16)}:0`;
}

// Frames as hostel shows them: of functions, and of their instructions in the module.
function places(error) {
  const frames = error.stack.matchAll(/wasm-function\[(\d+)\]:0x([0-9a-f]+)/g);
  return Array.from(frames, ([, number, offset]) => ` #${number} at 0x${offset}`).join('');
}

function trapped(error) {
  if (!(error instanceof WebAssembly.RuntimeError)) throw error;
  const known = traps.find(([pattern]) => pattern.test(error.message));
  const text = UNREPRESENTABLE.test(error.message) ? 'float' : known?.[1] ?? error.message;
  return ` TRAP ${text}${places(error)}\n`;
}

const typeOf = (index) => LOCALS[Math.floor(index / 3)];
const args = (round) => Array.from({ length: 12 }, (_, i) => argument(typeOf(i), i, round));

function use(name, value, round) {
  if (value instanceof WebAssembly.Memory) return `${name}:`;
  if (value instanceof WebAssembly.Global)
    return `${name}:${shown(LOCALS['ABCD'.indexOf(name)], value.value)}`;
  try {
    const results = value(...args(round));
    return `${name}:${results.map((x, i) => shown(typeOf(i), x)).join('')} 0 \n`;
  } catch (error) {
    return `${name}:${trapped(error)}`;
  }
}

function transcribe(module) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module));
  const entries = Object.entries(exports);
  let text = ' 0 \n';
  for (let i = 0; i < 2 * entries.length && i < CALLED; i++)
    text += use(...entries[i % entries.length], i >= entries.length);
  return { text, memory: Buffer.from(exports.memory.buffer) };
}

function differs(module, expected, number) {
  const { text, memory } = transcribe(module);
  const size = expected.length - memory.length;
  const theirs = expected.subarray(0, size).toString('latin1')
    .replace(/ 5 (?=[a-z])/g, ' TRAP ');
  const floats = text.includes('TRAP float') ? theirs.replace(FLOAT_TRAPS, 'float') : theirs;
  if (floats === text && expected.subarray(size).equals(memory)) return null;
  return `module ${number}, see wrong.wasm\nhostel: ${floats}\nV8:     ${text}`;
}

let pending = Buffer.alloc(0), compared = 0;

// One module, if it is there whole.
function take() {
  const end = pending.indexOf('\n');
  if (end < 0) return false;
  const [number, size, texts] = pending.subarray(0, end).toString().split(' ').map(Number);
  const start = end + 1, next = start + size + texts;
  if (pending.length < next) return false;
  const module = pending.subarray(start, start + size);
  const wrong = differs(module, pending.subarray(start + size, next), number);
  if (wrong) {
    writeFileSync('wrong.wasm', module);
    console.log(wrong);
    process.exit(1);
  }
  pending = pending.subarray(next);
  compared++;
  return true;
}

process.stdin.on('data', (bytes) => {
  pending = Buffer.concat([pending, bytes]);
  while (take());
});
process.stdin.on('end', () => {
  console.log(`${compared} modules did the same`);
  process.exit(pending.length > 0 || compared === 0 ? 1 : 0);
});
