/** PyTorch's name for a GPU: the first one that is visible to this process is `cuda:0`. */
export const GPU = /^cuda:(0|[1-9]\d*)$/;

export const hasTwice = (names: readonly string[]): boolean => new Set(names).size < names.length;
