import type { Step } from './reconciler.ts';
import { joinSentences } from './status.ts';

/** So often a pass may come back to plans that it has carried out: what they do does not last. */
const mostRepeats = 8;
/** A plan that is another one each time gets somewhere; however far that is, others want to be looked at, too. */
const mostRounds = 64;

/** The rounds of one pass. */
export interface Progress {
  /** Those that were begun. */
  readonly rounds: number;
  /** Notes what is about to be done. Throws when the pass gets nowhere, or nowhere near an end. */
  begin(stages: readonly (readonly Step[])[], sentences: readonly string[]): void;
}

export function createProgress(): Progress {
  const known = new Set<string>();
  let rounds = 0;
  return {
    get rounds() {
      return rounds;
    },
    begin(stages, sentences) {
      if (rounds === mostRounds || rounds - known.size === mostRepeats) {
        throw new Error(`Not settled after ${rounds} rounds; still to do: ${joinSentences(sentences)}`);
      }
      rounds += 1;
      known.add(JSON.stringify(stages, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)));
    },
  };
}
