/** Content of a buffer that allows COPY_SRC. For tests, benchmarks and rare reads: makes a buffer a call. */
export async function readBuffer(
  device: GPUDevice,
  source: GPUBuffer,
  offset = 0,
  bytes = source.size - offset,
): Promise<ArrayBuffer> {
  const staging = device.createBuffer({
    label: `readback of ${source.label}`,
    size: bytes,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, offset, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const copy = staging.getMappedRange().slice(0);
  staging.destroy();
  return copy;
}
