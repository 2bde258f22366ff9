// Compiles and runs assembled WebAssembly modules over a memory that JavaScript shares.
// Must never fail where a processor lacks vectors: the caller then does without.

/** The part of the JavaScript interface (webassembly.github.io/spec/js-api) that is used; Node's types don't have it. */
declare const WebAssembly: {
  readonly Memory: new (limits: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

const pageBytes = 65_536;

export type WasmFunction = (from: number, to: number) => number;

export interface WasmProgram {
  /** Zeroes at first. Pages that nobody touches take no memory. */
  readonly memory: ArrayBuffer;
  function(name: string): WasmFunction;
}

/**
 * @returns what starts the program over a memory of its own; undefined where WebAssembly with vectors isn't to be had:
 * processors without SSE4.1, Node with `--jitless`
 */
export function compileWasm(module: Uint8Array<ArrayBuffer>): ((memoryBytes: number) => WasmProgram) | undefined {
  if (!('WebAssembly' in globalThis)) return undefined;
  let compiled: object;
  try {
    compiled = new WebAssembly.Module(module);
  } catch {
    return undefined;
  }
  return (memoryBytes) => {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(memoryBytes / pageBytes) });
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
    return { memory: memory.buffer, function: (name) => exports[name] as WasmFunction };
  };
}
