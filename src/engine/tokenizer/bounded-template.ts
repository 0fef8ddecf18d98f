/** A chat template that cannot run forever: somebody else wrote it, and no worker can be interrupted in a loop. */
import { Environment, Interpreter, Template } from '@huggingface/jinja';

/** Nodes of its syntax tree, evaluated one by one. A message takes about a hundred; these take some seconds. */
const MOST_STEPS = 1_000_000;
const LONGEST_RANGE = 10_000;

export class BoundedTemplate {
  readonly #template: Template;

  /** Throws where the text is no template. */
  constructor(source: string) {
    this.#template = new Template(source);
  }

  /** Throws what the template raises, and where it does not come to an end. */
  render(variables: Readonly<Record<string, unknown>>): string {
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...GLOBALS, ...variables })) environment.set(name, value);
    // Text is all that a program evaluates to.
    return (new BoundedInterpreter(environment).run(this.#template.parsed) as { readonly value: string })
      .value;
  }
}

class BoundedInterpreter extends Interpreter {
  #steps = 0;

  override evaluate(...node: Parameters<Interpreter['evaluate']>): ReturnType<Interpreter['evaluate']> {
    if ((this.#steps += 1) > MOST_STEPS) throw new Error('it does not come to an end');
    return super.evaluate(...node);
  }
}

/** The library's own, but for a range that has an end. It does not export them. */
const GLOBALS = {
  ...{ true: true, false: false, none: null, True: true, False: false, None: null },
  raise_exception: (reason: string) => {
    throw new Error(reason);
  },
  strftime_now: (format: string) => new Template('{{ strftime_now(format) }}').render({ format }),
  range,
};

function range(first: number, second?: number, step = 1): readonly number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  if (step === 0) throw new Error('the step of a range is 0');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > LONGEST_RANGE) throw new Error(`it counts to ${length}, and ${LONGEST_RANGE} is the most`);
  return Array.from({ length }, (_, i) => start + i * step);
}
