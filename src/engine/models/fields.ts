import { EngineError } from '../errors';
import { isObject, shown, type JsonObject } from '../json';

export function configInvalid(file: string, found: string, needed: string): EngineError {
  return new EngineError(
    'config-invalid',
    `${file} ${found}; ${needed}. Take the model's own file unchanged, or choose another model.`,
  );
}

/**
 * Typed look-ups in a JSON object. Absent and null (Python's None) take the fallback; without one, or with a value of
 * the wrong type, they throw `config-invalid` naming file, field, what was found and what is needed.
 */
export class Fields {
  constructor(
    private readonly json: JsonObject,
    private readonly file: string,
    private readonly path = '',
  ) {}

  get empty(): boolean {
    return Object.keys(this.json).length === 0;
  }

  has(name: string): boolean {
    return this.json[name] != null;
  }

  isNull(name: string): boolean {
    return this.json[name] === null;
  }

  /** 1, 2, 3, ... */
  count(name: string, fallback?: number): number {
    return this.number(name, fallback, 'a positive whole number', (n) => Number.isSafeInteger(n) && n > 0);
  }

  /** 0, 1, 2, ... */
  whole(name: string, fallback?: number): number {
    return this.number(name, fallback, 'a whole number, 0 or more', (n) => Number.isSafeInteger(n) && n >= 0);
  }

  positive(name: string, fallback?: number): number {
    return this.number(name, fallback, 'a positive number', (n) => n > 0);
  }

  /** Both ends included. */
  between(name: string, low: number, high: number, fallback?: number): number {
    return this.number(name, fallback, `a number from ${low} to ${high}`, (n) => n >= low && n <= high);
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.json[name] ?? fallback;
    if (typeof value !== 'boolean') throw this.wrong(name, 'true or false');
    return value;
  }

  text(name: string, fallback: string): string {
    const value = this.json[name] ?? fallback;
    if (typeof value !== 'string') throw this.wrong(name, 'text');
    return value;
  }

  /** Empty when absent. */
  texts(name: string): readonly string[] {
    const value = this.json[name] ?? [];
    if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string')) {
      throw this.wrong(name, 'a list of texts');
    }
    return value;
  }

  /** Of any numbers; `count` of them, where that is said. */
  numbers(name: string, count?: number): readonly number[] {
    const value = this.json[name];
    const good = Array.isArray(value) && value.every((entry) => Number.isFinite(entry));
    if (good && (count === undefined || value.length === count)) return value as readonly number[];
    throw this.wrong(name, count === undefined ? 'a list of numbers' : `a list of ${count} numbers`);
  }

  /** One id or a list of them; empty when absent. */
  ids(name: string): readonly number[] {
    const value = this.json[name] ?? [];
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!list.every((id) => Number.isSafeInteger(id) && (id as number) >= 0)) {
      throw this.wrong(name, 'a token id or a list of them');
    }
    return list as readonly number[];
  }

  /** The object under `name`; undefined when absent. */
  group(name: string): Fields | undefined {
    const value = this.json[name] ?? undefined;
    if (value !== undefined && !isObject(value)) throw this.wrong(name, 'an object');
    return value && this.sub(name, value);
  }

  /** Names under which there are objects. */
  groups(): readonly string[] {
    return Object.keys(this.json).filter((name) => isObject(this.json[name]));
  }

  sub(name: string, json: JsonObject): Fields {
    return new Fields(json, this.file, `${this.path}${name}.`);
  }

  wrong(name: string, needed: string): EngineError {
    const found = this.has(name)
      ? `has ${this.path}${name} ${shown(this.json[name])}`
      : `has no ${this.path}${name}`;
    return configInvalid(this.file, found, `${needed} is needed`);
  }

  private number(
    name: string,
    fallback: number | undefined,
    needed: string,
    fits: (n: number) => boolean,
  ): number {
    const value = this.json[name] ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value) || !fits(value)) throw this.wrong(name, needed);
    return value;
  }
}
