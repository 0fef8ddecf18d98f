import type { ListedFile } from '../../protocol';
import { formatBytes, formatPercent } from '../format';

interface FileListProps {
  readonly files: readonly (ListedFile & { readonly storedBytes?: number })[];
}

/** Folded: who wants to know each file can open it. */
export function FileList({ files }: FileListProps) {
  return (
    <details className="file-list">
      <summary>Files</summary>
      <ul>
        {files.map(({ path, size, storedBytes }) => (
          <li key={path}>
            <span>{path}</span>
            <span className="file-figures">
              {storedBytes !== undefined && storedBytes < size && `${formatPercent(storedBytes / size)} of `}
              {formatBytes(size)}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
