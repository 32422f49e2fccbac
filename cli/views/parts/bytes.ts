import prettyBytes from "pretty-bytes";

/** `12 B`, `3.4 MiB`; `-` when not known. */
export const formatBytes = (bytes: number | null): string =>
  bytes === null ? "-" : prettyBytes(bytes, { binary: true });
