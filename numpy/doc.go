// Package numpy reads numpy's and scipy's objects inside an object graph: it folds the reduce forms a pickle holds
// into arrays, scalars and dtypes, and converts those to tensors.
//
// Sizes are checked against the bytes present; nothing is allocated from a declared shape alone.
package numpy
