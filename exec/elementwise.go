package exec

var elementwiseKernels = table{}
