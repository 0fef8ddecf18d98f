/** A file of the site that is kept for use without the network, as the build lists them. */
export interface KeptFile {
  /** Relative to the page. */
  readonly url: string;
  /** Null where the name itself changes with the contents. */
  readonly revision: string | null;
  /** Not of the first visit: kept when it is used, and on later visits. */
  readonly later: boolean;
}
