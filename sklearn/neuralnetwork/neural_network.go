// Package neuralnetwork understands sklearn.neural_network: multi-layer perceptrons and the restricted Boltzmann machine.
package neuralnetwork

import "slices"

// Classes lists what this package understands.
var Classes = slices.Concat(perceptronClasses, rbmClasses)
