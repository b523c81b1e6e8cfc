package exec

import (
	"math"
	"strconv"
	"strings"
)

var nan = math.NaN()

// shortFloat writes a float32 as numpy does: its shortest digits, in Python's notation.
func shortFloat(f float32) string {
	v := float64(f)
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(v, 'e', -1, 32)
	}
	s := strconv.FormatFloat(v, 'f', -1, 32)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func formatUint(u uint64) string { return strconv.FormatUint(u, 10) }

// Coefficients of Cephes' ndtri (Stephen L. Moshier), in the order of its sources.
var (
	ndtriP0 = []float64{-5.99633501014107895267e1, 9.80010754185999661536e1, -5.66762857469070293439e1,
		1.39312609387279679503e1, -1.23916583867381258016e0}
	ndtriQ0 = []float64{1.95448858338141759834e0, 4.67627912898881538453e0, 8.63602421390890590575e1,
		-2.25462687854119370527e2, 2.00260212380060660359e2, -8.20372256168333339912e1, 1.59056225126211695515e1,
		-1.18331621121330003142e0}
	ndtriP1 = []float64{4.05544892305962419923e0, 3.15251094599893866154e1, 5.71628192246421288162e1,
		4.40805073893200834700e1, 1.46849561928858024014e1, 2.18663306850790267539e0, -1.40256079171354495875e-1,
		-3.50424626827848203418e-2, -8.57456785154685413611e-4}
	ndtriQ1 = []float64{1.57799883256466749731e1, 4.53907635128879210584e1, 4.13172038254672030440e1,
		1.50425385692907503408e1, 2.50464946208309415979e0, -1.42182922854787788574e-1, -3.80806407691578277194e-2,
		-9.33259480895457427372e-4}
	ndtriP2 = []float64{3.23774891776946035970e0, 6.91522889068984211695e0, 3.93881025292474443415e0,
		1.33303460815807542389e0, 2.01485389549179081538e-1, 1.23716634817820021358e-2, 3.01581553508235416007e-4,
		2.65806974686737550832e-6, 6.23974539184983293730e-9}
	ndtriQ2 = []float64{6.02427039364742014255e0, 3.67983563856160859403e0, 1.37702099489081330271e0,
		2.16236993594496635890e-1, 1.34204006088543189037e-2, 3.28014464682127739104e-4, 2.89247864745380683936e-6,
		6.79019408009981274425e-9}
)

// Coefficients of Cephes' ndtr: erfc for x ≥ 1 in two ranges and erf below.
var (
	erfcP = []float64{2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687e0,
		4.86371970985681366614e1, 1.96520832956077098242e2, 5.26445194995477358631e2, 9.34528527171957607540e2,
		1.02755188689515710272e3, 5.57535335369399327526e2}
	erfcQ = []float64{1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2,
		9.75708501743205489753e2, 1.82390916687909736289e3, 2.24633760818710981792e3, 1.65666309194161350182e3,
		5.57535340817727675546e2}
	erfcR = []float64{5.64189583547755073984e-1, 1.27536670759978104416e0, 5.01905042251180477414e0,
		6.16021097993053585195e0, 7.40974269950448939160e0, 2.97886665372100240670e0}
	erfcS = []float64{2.26052863220117276590e0, 9.39603524938001434673e0, 1.20489539808096656605e1,
		1.70814450747565897222e1, 9.60896809063285878198e0, 3.36907645100081516050e0}
	erfT = []float64{9.60497373987051638749e0, 9.00260197203842689217e1, 2.23200534594684319226e3,
		7.00332514112805075473e3, 5.55923013010394962768e4}
	erfU = []float64{3.35617141647503099647e1, 5.21357949780152679795e2, 4.59432382970980127987e3,
		2.26290000613890934246e4, 4.92673942608635921086e4}
)

// polevl evaluates a polynomial, highest power first.
func polevl(x float64, c []float64) float64 {
	r := c[0]
	for _, k := range c[1:] {
		r = float64(r*x) + k
	}
	return r
}

// p1evl is polevl with a leading coefficient of one.
func p1evl(x float64, c []float64) float64 {
	r := x + c[0]
	for _, k := range c[1:] {
		r = float64(r*x) + k
	}
	return r
}

// ndtr is Cephes' normal distribution function.
func ndtr(a float64) float64 {
	if a != a {
		return a
	}
	x := a * (1 / math.Sqrt2)
	z := math.Abs(x)
	if z < 1 {
		return 0.5 + float64(0.5*erf(x))
	}
	y := 0.5 * erfc(z)
	if x > 0 {
		y = 1 - y
	}
	return y
}

// erf is Cephes'.
func erf(x float64) float64 {
	switch {
	case x < 0:
		return -erf(-x)
	case x > 1:
		return 1 - erfc(x)
	}
	z := x * x
	return x * polevl(z, erfT) / p1evl(z, erfU)
}

// erfc is Cephes'.
func erfc(a float64) float64 {
	x := math.Abs(a)
	if x < 1 {
		return 1 - erf(a)
	}
	z := -a * a
	if z < -7.09782712893383996843e2 {
		if a < 0 {
			return 2
		}
		return 0
	}
	z = exp(z)
	var p, q float64
	if x < 8 {
		p, q = polevl(x, erfcP), p1evl(x, erfcQ)
	} else {
		p, q = polevl(x, erfcR), p1evl(x, erfcS)
	}
	y := z * p / q
	if a < 0 {
		y = 2 - y
	}
	if y != 0 {
		return y
	}
	if a < 0 {
		return 2
	}
	return 0
}

// ndtri is Cephes' inverse of ndtr.
func ndtri(y0 float64) float64 {
	switch {
	case y0 == 0:
		return math.Inf(-1)
	case y0 == 1:
		return math.Inf(1)
	case !(y0 > 0 && y0 < 1):
		return nan
	}
	const expM2 = 0.13533528323661269189 // exp(-2)
	y, negate := y0, true
	if y > 1-expM2 {
		y, negate = 1-y, false
	}
	if y > expM2 {
		y -= 0.5
		y2 := y * y
		x := y + float64(y*float64(y2*polevl(y2, ndtriP0)/p1evl(y2, ndtriQ0)))
		return x * 2.50662827463100050242 // sqrt(2 pi)
	}
	x := math.Sqrt(-2 * math.Log(y))
	x0 := x - math.Log(x)/x
	z := 1 / x
	var x1 float64
	if x < 8 {
		x1 = z * polevl(z, ndtriP1) / p1evl(z, ndtriQ1)
	} else {
		x1 = z * polevl(z, ndtriP2) / p1evl(z, ndtriQ2)
	}
	x = x0 - x1
	if negate {
		return -x
	}
	return x
}

// log2 is exact for powers of two and does not cancel near one.
func log2(x float64) float64 {
	if f, e := math.Frexp(x); f == 0.5 {
		return float64(e - 1)
	}
	return math.Log(x) * (1 / math.Ln2)
}

// log10 is exact for powers of ten that float64 holds.
func log10(x float64) float64 {
	y := math.Log(x) / math.Ln10
	if n := math.RoundToEven(y); n != y && math.Abs(n) <= 22 && math.Pow10(int(n)) == x {
		return n
	}
	return y
}
