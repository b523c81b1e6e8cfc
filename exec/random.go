package exec

import (
	"math"

	"github.com/larder-ml/larder/graph"
)

var randomKernels = table{
	graph.OpZeros:           zeros,
	graph.OpRandomDraw:      randomDraw,
	graph.OpTruncatedNormal: truncatedNormal,
}

func zeros(*node) (kernel, error) {
	return func(c *call) error {
		clear(c.out(0).I64)
		return nil
	}, nil
}

func randomDraw(n *node) (kernel, error) {
	a := n.Attr.(*graph.RandomAttr)
	return func(c *call) error {
		rs := twister{key: a.Key, pos: a.Pos}
		last := len(a.Draws) - 1
		for i, d := range a.Draws {
			for r := range c.rows {
				if d.Below > 0 {
					v := rs.below(uint32(d.Below - 1))
					if i == last {
						c.out(0).I64[r] = int64(v)
					}
					continue
				}
				v := rs.category(d.Prob)
				if i == last {
					row := c.out(0).F64[r*len(d.Prob) : (r+1)*len(d.Prob)]
					clear(row)
					row[v] = 1
				}
			}
		}
		return nil
	}, nil
}

func truncatedNormal(n *node) (kernel, error) {
	a := n.Attr.(*graph.TruncatedAttr)
	return func(c *call) error {
		chosen, mean, std, before := c.dense(0).U8, c.dense(1).F64, c.dense(2).F64, c.dense(3).I64
		values, after := c.out(0).F64, c.out(1).I64
		if c.rows == 0 {
			return nil
		}
		rs := twister{key: *a.Key, pos: a.Pos}
		count := before[0]
		for range 2 * count {
			rs.next()
		}
		for i, mu := range mean {
			sigma := std[i]
			switch {
			case chosen[i] == 0:
				values[i] = mu
			case mu > a.Hi:
				values[i] = a.Hi
			case mu < a.Lo:
				values[i] = a.Lo
			case !(sigma > 0):
				values[i] = mu
			default:
				values[i] = float64(truncnorm(rs.double(), (a.Lo-mu)/sigma, (a.Hi-mu)/sigma)*sigma) + mu
				count++
			}
		}
		for i := range after {
			after[i] = count
		}
		return nil
	}, nil
}

// truncnorm is the quantile q of the standard normal distribution between a and b, by logarithms of probabilities as
// scipy has it: from the left tail where a is below zero, else from the right.
func truncnorm(q, a, b float64) float64 {
	if a < 0 {
		return ndtriExp(logSum(logNdtr(a), log(q)+logMass(a, b)))
	}
	return -ndtriExp(logSum(logNdtr(-b), math.Log1p(-q)+logMass(a, b)))
}

// logMass is the logarithm of the probability between a and b.
func logMass(a, b float64) float64 {
	switch {
	case b <= 0:
		p, q := logNdtr(b), logNdtr(a)
		return p + math.Log1p(-exp(q-p))
	case a > 0:
		return logMass(-b, -a)
	}
	return math.Log1p(-ndtr(a) - ndtr(-b))
}

// logSum is log(exp(x) + exp(y)).
func logSum(x, y float64) float64 {
	top, low := max(x, y), min(x, y)
	if math.IsInf(top, -1) {
		return top
	}
	return top + math.Log1p(exp(low-top))
}

// twister is numpy's MT19937 behind its legacy RandomState.
type twister struct {
	key [624]uint32
	pos int
}

func (t *twister) next() uint32 {
	const n, m = 624, 397
	if t.pos >= n {
		for i := range n {
			y := t.key[i]&0x80000000 | t.key[(i+1)%n]&0x7fffffff
			v := t.key[(i+m)%n] ^ y>>1
			if y&1 != 0 {
				v ^= 0x9908b0df
			}
			t.key[i] = v
		}
		t.pos = 0
	}
	y := t.key[t.pos]
	t.pos++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// double is uniform in [0, 1) with 53 bits.
func (t *twister) double() float64 {
	a, b := t.next()>>5, t.next()>>6
	return (float64(float64(a)*67108864) + float64(b)) / 9007199254740992
}

// below is uniform in [0, top], by rejection under a mask.
func (t *twister) below(top uint32) uint32 {
	if top == 0 {
		return 0
	}
	mask := top
	for s := 1; s < 32; s *= 2 {
		mask |= mask >> s
	}
	for {
		if v := t.next() & mask; v <= top {
			return v
		}
	}
}

// category is the place of the 1 in multinomial(1, p).
func (t *twister) category(p []float64) int {
	sum := 1.0
	for j := range len(p) - 1 {
		if t.bernoulli(p[j] / sum) {
			return j
		}
		sum -= p[j]
	}
	return len(p) - 1
}

// bernoulli is binomial(1, p) by inversion.
func (t *twister) bernoulli(p float64) bool {
	switch {
	case p == 0:
		return false
	case p <= 0.5:
		return t.inversion(p)
	}
	return !t.inversion(1 - p)
}

func (t *twister) inversion(p float64) bool {
	q := 1 - p
	qn := math.Exp(log(q))
	bound := int(math.Min(1, p+float64(10*math.Sqrt(float64(p*q)+1))))
	x, px, u := 0, qn, t.double()
	for u > px {
		x++
		if x > bound {
			x, px, u = 0, qn, t.double()
			continue
		}
		u -= px
		px = float64((2-float64(x))*p) * px / float64(float64(x)*q)
	}
	return x == 1
}
