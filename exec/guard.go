package exec

import (
	"math"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var guardKernels = table{graph.OpFinite: finite, graph.OpGuard: guard}

// finite passes its input on, or refuses NaN (first) and infinities.
func finite(n *node) (kernel, error) {
	a := n.Attr.(*graph.FiniteAttr)
	if a.AllowNaN && a.AllowInf {
		return pass, nil
	}
	return func(c *call) error {
		v := c.in(0)
		var hasNaN, hasInf bool
		look := func(t *tensor.Tensor) {
			m, i := unusual(t)
			hasNaN, hasInf = hasNaN || m, hasInf || i
		}
		switch {
		case v.Dense != nil:
			look(v.Dense)
		case v.CSR != nil:
			look(v.CSR.Data)
		case v.Frame != nil:
			for _, col := range v.Frame.Columns {
				look(col)
			}
		}
		switch {
		case hasNaN && !a.AllowNaN:
			return c.refuse("%s", a.NaN)
		case hasInf && !a.AllowInf:
			return c.refuse("%s", a.Inf)
		}
		c.set(0, v)
		return nil
	}, nil
}

func pass(c *call) error {
	c.set(0, c.in(0))
	return nil
}

// unusual reports NaN and infinities.
func unusual(t *tensor.Tensor) (hasNaN, hasInf bool) {
	switch t.DType.Storage() {
	case tensor.F64:
		s := t.F64
		if n := len(s) &^ 7; hasAVX && n > 0 && finiteAVX(&s[0], n) {
			s = s[n:]
		}
		return unusualOf(s)
	case tensor.F32:
		return unusualOf(t.F32)
	case tensor.Cells:
		for _, c := range t.Cells {
			hasNaN = hasNaN || c.IsNaN()
			hasInf = hasInf || c.Kind == tensor.CellFloat && math.IsInf(c.F, 0)
		}
	}
	return
}

func unusualOf[T float](s []T) (hasNaN, hasInf bool) {
	var a, b, c, d T
	rest := s
	for len(rest) >= 4 {
		a += rest[0] - rest[0]
		b += rest[1] - rest[1]
		c += rest[2] - rest[2]
		d += rest[3] - rest[3]
		rest = rest[4:]
	}
	for _, v := range rest {
		a += v - v
	}
	if a+b+c+d == 0 {
		return false, false
	}
	for _, v := range s {
		if v != v {
			hasNaN = true
		} else if v-v != 0 {
			hasInf = true
		}
	}
	return
}

// guard passes input 0 on, or refuses where input 1 holds anywhere, or everywhere.
func guard(n *node) (kernel, error) {
	a := n.Attr.(*graph.GuardAttr)
	return func(c *call) error {
		if cond := c.dense(1).U8; a.All && len(cond) > 0 && !slices.Contains(cond, 0) || !a.All && slices.ContainsFunc(cond, func(v uint8) bool { return v != 0 }) {
			return c.refuse("%s", a.Msg)
		}
		c.set(0, c.in(0))
		return nil
	}, nil
}
