/** What is known of a step to find the longest chains: what it needs, and how long it took in whole nanoseconds. */
export interface Link {
  readonly needs: readonly string[];
  readonly ns: bigint;
}

/**
 * The longest chains of steps that need each other, straight from their definition: a recursion that remembers. Independent of src/explain,
 * which goes forwards and backwards through an order.
 */
export class Chains {
  readonly #links: ReadonlyMap<string, Link>;
  readonly #neededBy: ReadonlyMap<string, readonly string[]>;
  readonly #upTo = new Map<string, bigint>();
  readonly #from = new Map<string, bigint>();

  constructor(links: ReadonlyMap<string, Link>) {
    this.#links = links;
    const neededBy = new Map([...links.keys()].map((id): [string, string[]] => [id, []]));
    for (const [id, { needs }] of links) for (const needed of needs) neededBy.get(needed)!.push(id);
    this.#neededBy = neededBy;
  }

  /** Of the longest chain. */
  get length(): bigint {
    return largest([...this.#links.keys()].map((id) => this.#lengthUpTo(id)));
  }

  /** How much longer a step could have taken: by how much the longest chain through it is shorter than the longest. */
  slackOf(id: string): bigint {
    return this.length - (this.#lengthUpTo(id) + this.#lengthFrom(id) - this.#links.get(id)!.ns);
  }

  /** The same steps, one of which took longer. */
  lengthened(id: string, byNs: bigint): Chains {
    const { needs, ns } = this.#links.get(id)!;
    return new Chains(new Map([...this.#links, [id, { needs, ns: ns + byNs }]]));
  }

  /** How long these steps take one after the other; undefined where one does not need the step before it. */
  along(ids: readonly string[]): bigint | undefined {
    const isChain = ids.every((id, at) => at === 0 || this.#links.get(id)!.needs.includes(ids[at - 1]!));
    return isChain ? ids.reduce((sum, id) => sum + this.#links.get(id)!.ns, 0n) : undefined;
  }

  /** All steps that need this one, directly or not. */
  dependants(id: string): Set<string> {
    const direct = this.#neededBy.get(id)!;
    return new Set([...direct, ...direct.flatMap((next) => [...this.dependants(next)])]);
  }

  #lengthUpTo(id: string): bigint {
    const { needs, ns } = this.#links.get(id)!;
    return remember(this.#upTo, id, () => ns + largest(needs.map((needed) => this.#lengthUpTo(needed))));
  }

  #lengthFrom(id: string): bigint {
    const after = this.#neededBy.get(id)!;
    return remember(
      this.#from,
      id,
      () => this.#links.get(id)!.ns + largest(after.map((next) => this.#lengthFrom(next))),
    );
  }
}

function largest(values: readonly bigint[]): bigint {
  return values.reduce((most, value) => (value > most ? value : most), 0n);
}

function remember(known: Map<string, bigint>, id: string, compute: () => bigint): bigint {
  const value = known.get(id) ?? compute();
  known.set(id, value);
  return value;
}
