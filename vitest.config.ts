import { defineConfig } from 'vitest/config';

// Two projects by what they need: `unit` runs anywhere, `gpu` wants a WebGPU adapter in Node.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: ['src/**/*.test.ts', 'src/**/*.test.tsx', 'tools/**/*.test.ts'],
          exclude: ['**/*.gpu.test.ts', 'node_modules'],
          // Some hash megabytes or start a process; what a busy machine makes of that says nothing of the code.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'gpu',
          environment: 'node',
          include: ['src/**/*.gpu.test.ts', 'tools/**/*.gpu.test.ts'],
          // One Dawn instance a process. Cases this small leave a software adapter waiting, so three go at a time (docs/LOG.md).
          pool: 'forks',
          maxWorkers: 3,
          // As above: shaders are compiled in software, on as many cores as are left.
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
