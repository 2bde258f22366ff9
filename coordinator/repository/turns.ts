// Lets one piece of work run at a time, in the order asked.
// Must never let one failure keep the next from its turn.

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  async take<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine;
    return mine;
  }
}
