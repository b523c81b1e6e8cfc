package exec

import (
	"math"

	"github.com/larder-ml/larder/graph"
)

var gaussianProcessKernels = table{
	graph.OpSolveTriangular: solveTriangular,
	graph.OpBesselK:         besselK,
}

func solveTriangular(n *node) (kernel, error) {
	l := n.Attr.(*graph.SolveAttr).L
	m := l.Rows()
	n.costs(float64(m) * float64(m) / 2)
	return func(c *call) error {
		x, out := c.dense(0).F64, c.out(0).F64
		for r := range c.rows {
			v := out[r*m : (r+1)*m]
			for i := range m {
				s := x[r*m+i]
				for j, w := range l.F64[i*m : i*m+i] {
					s -= float64(w * v[j])
				}
				v[i] = s / l.F64[i*m+i]
			}
		}
		return nil
	}, nil
}

func besselK(n *node) (kernel, error) {
	nu := n.Attr.(*graph.BesselAttr).Nu
	n.costs(float64(n.outType(0).Width()) * 200)
	return func(c *call) error {
		out := c.out(0).F64
		for i, x := range c.dense(0).F64 {
			out[i] = bessel(nu, x)
		}
		return nil
	}, nil
}

// inverseGamma holds the coefficients of 1/Γ(1+x) by powers of x (Abramowitz and Stegun 6.1.34).
var inverseGamma = [...]float64{1, 0.5772156649015329, -0.6558780715202538, -0.0420026350340952, 0.1665386113822915, -0.0421977345555443,
	-0.0096219715278770, 0.0072189432466630, -0.0011651675918591, -0.0002152416741149, 0.0001280502823882, -0.0000201348547807,
	-0.0000012504934821, 0.0000011330272320, -0.0000002056338417, 0.0000000061160950, 0.0000000050020075, -0.0000000011812746,
	0.0000000001043427, 0.0000000000077823, -0.0000000000036968, 0.0000000000005100, -0.0000000000000206, -0.0000000000000054,
	0.0000000000000014}

// bessel is K of order nu ≥ 0 at x > 0: Temme's series below 2, Steed's continued fraction from there, then recurrence
// upwards from an order within ½ of zero.
func bessel(nu, x float64) float64 {
	const eps = 1e-17
	switch {
	case math.IsNaN(x) || x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(1)
	case x > 1e4: // the exponential is 0 long before
		return 0
	}
	steps := int(nu + 0.5)
	mu := nu - float64(steps)
	mu2 := mu * mu
	var k, k1 float64
	if x < 2 {
		half := 0.5 * x
		turn := math.Pi * mu
		fact := 1.0
		if math.Abs(turn) > eps {
			fact = turn / math.Sin(turn)
		}
		l := -log(half)
		e := mu * l
		fact2 := 1.0
		if math.Abs(e) > eps {
			fact2 = math.Sinh(e) / e
		}
		// 1/Γ(1±mu), and half their difference over mu and sum.
		odd, even, power := 0.0, 0.0, 1.0
		for i, c := range inverseGamma {
			if i%2 == 0 {
				even += float64(c * power)
			} else {
				odd += float64(c * power)
				power *= mu2
			}
		}
		gamma1, gamma2 := -odd, even
		plus, minus := even+float64(mu*odd), even-float64(mu*odd)
		f := fact * (float64(gamma1*math.Cosh(e)) + float64(gamma2*fact2*l))
		sum := f
		e = math.Exp(e)
		p, q := 0.5*e/plus, 0.5/(e*minus)
		c, d := 1.0, half*half
		sum1 := p
		for i := 1.0; i < 1000; i++ {
			f = (float64(i*f) + p + q) / (float64(i*i) - mu2)
			c *= d / i
			p /= i - mu
			q /= i + mu
			del := c * f
			sum += del
			sum1 += float64(c * (p - float64(i*f)))
			if math.Abs(del) < math.Abs(sum)*eps {
				break
			}
		}
		k, k1 = sum, sum1*2/x
	} else {
		b := 2 * (1 + x)
		d := 1 / b
		h, delta := d, d
		q1, q2 := 0.0, 1.0
		a1 := 0.25 - mu2
		q, c := a1, a1
		a := -a1
		s := 1 + float64(q*delta)
		for i := 2.0; i < 10000; i++ {
			a -= float64(2 * (i - 1))
			c = -a * c / i
			next := (q1 - float64(b*q2)) / a
			q1, q2 = q2, next
			q += float64(c * next)
			b += 2
			d = 1 / (b + float64(a*d))
			delta *= float64(b*d) - 1
			h += delta
			ds := q * delta
			s += ds
			if math.Abs(ds/s) < eps {
				break
			}
		}
		h *= a1
		k = math.Sqrt(math.Pi/(2*x)) * math.Exp(-x) / s
		k1 = k * (mu + x + 0.5 - h) / x
	}
	for i := 1; i <= steps; i++ {
		k, k1 = k1, float64((mu+float64(i))*2/x*k1)+k
	}
	return k
}
