package exec

import "testing"

// TestOlderProcessors runs what has several kernels as processors without some of the instructions run it.
func TestOlderProcessors(t *testing.T) {
	avx, avx2, avx512 := hasAVX, hasAVX2, hasAVX512
	defer func() { hasAVX, hasAVX2, hasAVX512 = avx, avx2, avx512 }()
	for _, level := range []struct {
		name              string
		avx, avx2, avx512 bool
	}{
		{"none", false, false, false}, {"AVX", true, false, false}, {"AVX2", true, true, false},
	} {
		t.Run(level.name, func(t *testing.T) {
			if level.avx && !avx || level.avx2 && !avx2 {
				t.Skip("this processor has not got them")
			}
			hasAVX, hasAVX2, hasAVX512 = level.avx, level.avx2, level.avx512
			for name, test := range map[string]func(*testing.T){
				"vectors": TestVectorsComputeWhatScalarsDo, "products": TestProductsDoNotDependOnTheNumberOfRows,
				"distances": TestDistancesDoNotDependOnTheNumberOfRows, "unusual": TestUnusual, "trees": TestTreesWalkAsDefined,
				"modes": TestTreeModes, "hostile trees": TestHostileTrees, "blocks": TestBlocksChangeNothing,
				"functions": TestFunctions, "pairs": TestPairs, "softmax": TestSoftmaxAndLogSumExp,
			} {
				if name == "trees" && level.avx && !level.avx2 {
					continue // which walks as without any
				}
				t.Run(name, test)
			}
		})
	}
}
