/**
 * Gives the memory of bytes that nobody needs any more back at once: they lie outside the heap, so a garbage collector lets
 * many megabytes of them wait. Their buffer must hold nothing else. Where a platform cannot, they wait.
 */
export function giveBack({ buffer }: Uint8Array): void {
  // ES2024; not in TypeScript's ES2023.
  (buffer as { transfer?(length: number): ArrayBuffer }).transfer?.(0);
}
