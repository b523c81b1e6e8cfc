package exec

var textKernels = table{}
