// Package image is sklearn.feature_extraction.image: patches of images.
package image

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	{Name: "sklearn.feature_extraction.image.PatchExtractor",
		New: func() sklearn.Estimator { return new(PatchExtractor) }},
}

// PatchExtractor is sklearn.feature_extraction.image.PatchExtractor. Its rows are images, [n,h,w] or [n,h,w,channels];
// the result has a row for each patch.
type PatchExtractor struct {
	sklearn.Base
	PatchSizeParam   []int             `sk:"patch_size,optional"`
	MaxPatchesParam  pyobj.Value       `sk:"max_patches,optional"`
	RandomStateParam parts.RandomState `sk:"random_state,optional"`
}

var _ sklearn.Transformer = (*PatchExtractor)(nil)

// Bound checks the size of the patches.
func (p *PatchExtractor) Bound(*sklearn.Binder) error {
	if p.PatchSizeParam != nil && len(p.PatchSizeParam) != 2 {
		return &sklearn.BindError{Path: p.Path, Attr: "patch_size", Msg: fmt.Sprintf("patch_size must be a tuple of two integers. Got %v instead.", p.PatchSizeParam)}
	}
	return nil
}

// Transform cuts each image into its patches, or draws some where max_patches says so.
func (p *PatchExtractor) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = b.Cast(sklearn.Check(b, p, x, sklearn.Accept{Images: true, AnyWidth: true}), tensor.Float64)
	if !x.OK() {
		return x
	}
	s := x.Type().Shape
	if len(s) != 3 && len(s) != 4 {
		return b.Refuse("not enough values to unpack (expected 3, got %d)", len(s))
	}
	if p.NFeaturesIn != 0 && s[1] != p.NFeaturesIn {
		return b.Refuse("X has %d features, but PatchExtractor is expecting %d features as input.", s[1], p.NFeaturesIn)
	}
	size := p.PatchSizeParam
	if size == nil {
		size = []int{s[1] / 10, s[2] / 10}
	}
	down, across := s[1]-size[0]+1, s[2]-size[1]+1
	if size[0] < 1 || size[1] < 1 || down < 1 || across < 1 {
		return b.Refuse("patches of %v do not fit images of %d x %d", size, s[1], s[2])
	}
	a := graph.PatchesAttr{Height: size[0], Width: size[1], Count: down * across}
	if drawn, err := p.drawn(a.Count); err != nil {
		return b.Refuse("%v", err)
	} else if drawn >= 0 {
		if a.Random, err = p.RandomStateParam.Generator(); err != nil {
			return b.Unsupported(graph.OpPatches, "%v", err)
		}
		a.Count = drawn
	}
	if len(s) == 3 {
		x = b.Reshape(x, graph.N, s[1], s[2], 1)
	}
	return b.Patches(x, a)
}

// drawn is the number of patches to draw, -1 where all are taken.
func (p *PatchExtractor) drawn(all int) (int, error) {
	c, err := parts.Cell(p.MaxPatchesParam)
	if p.MaxPatchesParam == nil {
		return -1, nil
	}
	f, number := c.Float()
	switch {
	case err != nil || !number:
	case f == 0:
		return -1, nil
	case c.Kind == tensor.CellInt && c.I > 0:
		return min(int(c.I), all), nil
	case c.Kind == tensor.CellFloat && f > 0 && f < 1:
		return int(f * float64(all)), nil
	}
	return 0, fmt.Errorf("Invalid value for max_patches: %s", c.Repr())
}
