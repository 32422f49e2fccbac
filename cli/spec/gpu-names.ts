/** A GPU as PyTorch calls it: the first one that this process may see is `cuda:0`. */
export const GPU = /^cuda:(0|[1-9]\d*)$/;

export const hasTwice = (names: readonly string[]): boolean => new Set(names).size < names.length;
