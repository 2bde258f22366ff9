// The bytes of one file through a held descriptor, and the proof that they still are those that were read before.
// Must never decide what to do when they aren't: the follower says `rewritten`, and the rotation acts.
import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { FileIdentity, Framer, FramerChoice } from '../record.ts';
import {
  factsOfOpen,
  fileKey,
  fingerprint,
  fingerprintOf,
  hasFingerprint,
  isFingerprintComplete,
  mostFingerprintBytes,
  readBytes,
} from './file-identity.ts';
import type { FileFacts } from './file-identity.ts';
import type { ReadBuffer } from './read-buffer.ts';

/** Bytes before the offset that are read again with every read: if they changed, the file was written over. */
const overlapBytes = 1024;

/** So many first bytes of a file that wasn't begun are kept, to see that they stay what they are. */
const headBytes = 256;

/** One open or parked file. */
export class FileContent {
  readonly key: string;
  readonly birthNs: bigint;
  #descriptor: number | undefined;
  #identity: FileIdentity;
  #framer: Framer | undefined;
  /** The last bytes before the offset; empty where nothing was read since the last jump. */
  #overlap: Buffer = Buffer.alloc(0);
  /** What a file that wasn't begun began with when it was looked at last. */
  #head: Buffer | undefined;

  constructor(descriptor: number, facts: FileFacts, generation: number) {
    const { device, inode, birthNs } = facts;
    this.key = fileKey(facts);
    this.birthNs = birthNs;
    this.#descriptor = descriptor;
    this.#identity = { device, inode, generation, ...fingerprint(descriptor, 0) };
  }

  get identity(): FileIdentity {
    return this.#identity;
  }

  get descriptor(): number | undefined {
    return this.#descriptor;
  }

  /** Chosen for good once there are the two bytes that decide. @throws the system's error. */
  framer(choose: FramerChoice): Framer {
    if (this.#framer !== undefined) return this.#framer;
    const head = this.#descriptor === undefined ? Buffer.alloc(0) : readBytes(this.#descriptor, 0, 2);
    const framer = choose(head);
    if (head.length === 2) this.#framer = framer;
    return framer;
  }

  /** @throws the system's error. */
  facts(): FileFacts | undefined {
    return this.#descriptor === undefined ? undefined : factsOfOpen(this.#descriptor);
  }

  /**
   * Up to `want` bytes from `offset` on; undefined if those before it are not those that were read. It reads at once: what was
   * written lately is in the system's cache, and handing a read to another thread costs more than the read.
   *
   * @param memory what to read into; by default memory of its own
   * @throws the system's error, or an Error if the file is parked.
   */
  read(offset: number, want: number, memory?: ReadBuffer): Buffer | undefined {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) throw new Error('a parked file cannot be read');
    const overlap = this.#overlap;
    if (overlap.length === 0 && offset > 0 && !hasFingerprint(descriptor, this.#identity)) return undefined;
    const length = overlap.length + want;
    const buffer = memory?.take(length) ?? Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const bytesRead = readSync(descriptor, buffer, filled, length - filled, offset - overlap.length + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    if (filled < overlap.length || !buffer.subarray(0, overlap.length).equals(overlap)) return undefined;
    return buffer.subarray(overlap.length, filled);
  }

  /**
   * The first `consumed` of these bytes are done, and the next offset is `offset`.
   *
   * @returns false if the file's head changed meanwhile. @throws the system's error.
   */
  consume(bytes: Buffer, consumed: number, offset: number): boolean {
    if (!this.coverUpTo(offset, bytes.subarray(0, consumed))) return false;
    this.#overlap = Buffer.from(bytes.subarray(Math.max(0, consumed - overlapBytes), consumed));
    this.#head = undefined;
    return true;
  }

  /** Reading goes on at `offset`, which wasn't reached by reading. @throws the system's error. */
  jump(offset: number): void {
    this.#overlap = Buffer.alloc(0);
    this.coverUpTo(offset);
  }

  /** True if the open file (this one if absent) holds what was read here: for another one, that it is a copy. @throws the system's error. */
  isContainedIn(offset: number, descriptor: number | undefined = this.#descriptor): boolean {
    if (descriptor === undefined || !hasFingerprint(descriptor, this.#identity)) return false;
    const overlap = this.#overlap;
    return readBytes(descriptor, offset - overlap.length, overlap.length).equals(overlap);
  }

  /**
   * Lets the fingerprint cover the bytes before `offset`, as far as they count.
   *
   * @param last the bytes before `offset` that were read just now; the file may have been truncated or written over since
   * @returns false if they, or those that it covers, changed. @throws the system's error.
   */
  coverUpTo(offset: number, last: Buffer = Buffer.alloc(0)): boolean {
    if (this.#descriptor === undefined || isFingerprintComplete(this.#identity, offset)) return true;
    if (!hasFingerprint(this.#descriptor, this.#identity)) return false;
    const length = Math.min(offset, mostFingerprintBytes);
    const head = readBytes(this.#descriptor, 0, length);
    const start = offset - last.length;
    if (head.length < length || !last.subarray(0, Math.max(0, length - start)).equals(head.subarray(start))) return false;
    this.#identity = { ...this.#identity, fingerprint: fingerprintOf(head), fingerprintLength: length };
    return true;
  }

  /**
   * Of a file that wasn't begun: true if it begins as it did when it was looked at before.
   *
   * @param hasChanged otherwise nothing is read again. @throws the system's error.
   */
  keepsHead(hasChanged: boolean): boolean {
    const known = this.#head;
    if (this.#descriptor === undefined || (known !== undefined && !hasChanged)) return true;
    const head = readBytes(this.#descriptor, 0, headBytes);
    if (known !== undefined && !head.subarray(0, known.length).equals(known)) return false;
    this.#head = head;
    return true;
  }

  /** True if the open file begins with what was seen of this one, which wasn't begun. @throws the system's error. */
  beganAs(descriptor: number): boolean {
    const head = this.#head;
    return head !== undefined && head.length > 0 && readBytes(descriptor, 0, head.length).equals(head);
  }

  /** True if `head`, what another file begins with, holds what was seen of this one, which wasn't begun. */
  wasSeenIn(head: Buffer): boolean {
    const known = this.#head;
    return known !== undefined && known.length > 0 && head.subarray(0, known.length).equals(known);
  }

  /** Closes the descriptor. */
  park(): void {
    const descriptor = this.release();
    if (descriptor !== undefined) closeSync(descriptor);
  }

  /** Hands the descriptor over. */
  release(): number | undefined {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    return descriptor;
  }

  /** Opens the file again. @returns false if the path is another file's now. @throws the system's error. */
  unpark(path: string): boolean {
    const descriptor = openFile(path);
    const facts = factsOfOpen(descriptor);
    if (fileKey(facts) !== this.key || facts.birthNs !== this.birthNs) {
      closeSync(descriptor);
      return false;
    }
    this.#descriptor = descriptor;
    return true;
  }
}

/** Opens for reading without ever waiting (a pipe would). @throws the system's error. */
export function openFile(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
}
