/** A tool as others run it: a process, its output and its exit status. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface Ended {
  readonly status: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** `file` is below the root: tools/generate.ts. */
export const runTool = (file: string, ...args: readonly string[]) =>
  new Promise<Ended>((resolve) => {
    execFile(
      process.execPath,
      ['tools/run.mjs', file, ...args],
      { cwd: ROOT, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => resolve({ status: error ? error.code : 0, stdout, stderr }),
    );
  });

/** What was said of a refusal, without what drivers warned of before. */
export const complaints = ({ stderr }: Ended): string[] =>
  stderr.split('\n').filter((text) => text && !text.startsWith('Warning:'));
