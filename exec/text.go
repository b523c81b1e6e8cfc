package exec

import (
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/pystr"
	"github.com/larder-ml/larder/tensor"
)

var textKernels = table{
	graph.OpTextNormalize: textNormalize, graph.OpTokenize: tokenize, graph.OpCountTerms: countTerms, graph.OpHashTerms: hashTerms,
	graph.OpDictRows: dictRows, graph.OpTermRows: termRows, graph.OpSublinear: sublinear,
}

// document returns element i as text.
func document(c *call, t *tensor.Tensor, i int, a *graph.TextNormalizeAttr) (string, error) {
	if t.DType == tensor.String {
		return t.Str[i], nil
	}
	switch cell := t.Cells[i]; cell.Kind {
	case tensor.CellStr:
		return cell.S, nil
	case tensor.CellBytes:
		s, err := pystr.DecodeBytes(cell.S, a.Encoding, a.Errors)
		if err != nil {
			return "", c.refuse("%s", err)
		}
		return s, nil
	default:
		if cell.IsNaN() {
			return "", c.refuse("np.nan is an invalid document, expected byte or unicode string.")
		}
		name := map[tensor.CellKind]string{tensor.CellNone: "NoneType", tensor.CellBool: "bool", tensor.CellInt: "int", tensor.CellFloat: "float"}[cell.Kind]
		if a.Lower {
			return "", c.refuse("'%s' object has no attribute 'lower'", name)
		}
		return "", c.refuse("expected string or bytes-like object, got '%s'", name)
	}
}

// textNormalize lowers and strips. All lowered texts of a block are parts of one string.
func textNormalize(n *node) (kernel, error) {
	a := n.Attr.(*graph.TextNormalizeAttr)
	n.costs(2000)
	return func(c *call) error {
		x, out := c.dense(0), c.out(0)
		size := 0
		for i := range out.Str {
			s, err := document(c, x, i, a)
			if err != nil {
				return err
			}
			out.Str[i] = s
			size += len(s)
		}
		if a.Lower {
			joined := make([]byte, 0, size+size/16)
			ends := c.ints(len(out.Str))
			lower := pystr.AppendLower
			if a.Python2 {
				lower = pystr.AppendLowerPython2
			}
			for i, s := range out.Str {
				joined = lower(joined, s)
				ends[i] = len(joined)
			}
			all, from := string(joined), 0
			for i, to := range ends {
				out.Str[i], from = all[from:to], to
			}
		}
		for i, s := range out.Str {
			switch a.Accents {
			case graph.AccentsUnicode:
				out.Str[i] = pystr.StripUnicode(s)
			case graph.AccentsASCII:
				out.Str[i] = pystr.StripASCII(s)
			case graph.AccentsUnicodeOld:
				if !pystr.IsDecomposed(s) {
					out.Str[i] = pystr.StripUnicode(s)
				}
			}
		}
		for _, step := range a.Steps {
			for i, s := range out.Str {
				t, err := step.Do(s)
				if err != nil {
					return c.refuse("%s", err)
				}
				out.Str[i] = t
			}
		}
		return nil
	}, nil
}

// What the n-grams of a block may come to: a model asks for any number of them.
const (
	maxTerms = 1 << 25
	maxGlue  = 1 << 29 // bytes
)

// terms collects the terms of a block: parts of the texts, and n-grams that are parts of one string made at the end.
type terms struct {
	words []string
	out   []string
	glue  []byte
	cuts  []cut2
	most  int // terms of a block
}

// cut2 says that out[at] is glue[from:to].
type cut2 struct{ at, from, to int }

func (t *terms) start(out []string) {
	t.out, t.glue, t.cuts = out, t.glue[:0], t.cuts[:0]
}

// finish sets the n-grams.
func (t *terms) finish() []string {
	if len(t.cuts) > 0 {
		all := string(t.glue)
		for _, k := range t.cuts {
			t.out[k.at] = all[k.from:k.to]
		}
	}
	return t.out
}

// gram adds words joined by a blank.
func (t *terms) gram(words []string) {
	if len(words) == 1 {
		t.out = append(t.out, words[0])
		return
	}
	from := len(t.glue)
	for i, w := range words {
		if i > 0 {
			t.glue = append(t.glue, ' ')
		}
		t.glue = append(t.glue, w...)
	}
	t.cuts = append(t.cuts, cut2{len(t.out), from, len(t.glue)})
	t.out = append(t.out, "")
}

// grams adds the n-grams of lo to hi words, the shortest first; false where they are too many.
func (t *terms) grams(words []string, lo, hi int) bool {
	for n := lo; n <= min(hi, len(words)); n++ {
		for i := 0; i+n <= len(words); i++ {
			if len(t.out) > t.most || len(t.glue) > maxGlue {
				return false
			}
			t.gram(words[i : i+n])
		}
	}
	return true
}

// wordRuns appends the runs of at least k word characters.
func wordRuns(dst []string, s string, k int) []string {
	for i := 0; i < len(s); {
		for i < len(s) {
			if s[i] < utf8.RuneSelf {
				if asciiWord[s[i]] {
					break
				}
				i++
				continue
			}
			r, n := pystr.Decode(s[i:])
			if pystr.IsWord(r) {
				break
			}
			i += n
		}
		from, count := i, 0
		for i < len(s) {
			if s[i] < utf8.RuneSelf {
				if !asciiWord[s[i]] {
					break
				}
				i++
				count++
				continue
			}
			r, n := pystr.Decode(s[i:])
			if !pystr.IsWord(r) {
				break
			}
			i += n
			count++
		}
		if count >= k {
			dst = append(dst, s[from:i])
		}
	}
	return dst
}

// asciiWord tells word characters below 128.
var asciiWord = func() (w [utf8.RuneSelf]bool) {
	for r := range w {
		w[r] = pystr.IsWord(rune(r))
	}
	return w
}()

// collapse replaces runs of two and more white spaces by a blank.
func collapse(s string) string {
	for i := 0; i < len(s); {
		r, n := pystr.Decode(s[i:])
		i += n
		if i == len(s) || !pystr.IsSpace(r) {
			continue
		}
		if q, _ := pystr.Decode(s[i:]); pystr.IsSpace(q) {
			return string(collapsed(s, i-n))
		}
	}
	return s
}

func collapsed(s string, i int) []byte {
	b := append(make([]byte, 0, len(s)), s[:i]...)
	for i < len(s) {
		r, n := pystr.Decode(s[i:])
		if !pystr.IsSpace(r) {
			b = append(b, s[i:i+n]...)
			i += n
			continue
		}
		from, count := i, 0
		for i < len(s) {
			r, n := pystr.Decode(s[i:])
			if !pystr.IsSpace(r) {
				break
			}
			i += n
			count++
		}
		if count == 1 {
			b = append(b, s[from:i]...)
		} else {
			b = append(b, ' ')
		}
	}
	return b
}

// runeStarts appends the offsets of the code points of s, and its length.
func runeStarts(dst []int, s string) []int {
	for i := 0; i < len(s); {
		dst = append(dst, i)
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, n := pystr.Decode(s[i:])
		i += n
	}
	return append(dst, len(s))
}

// tokenizer is one worker's memory.
type tokenizer struct {
	terms
	starts []int
}

func (t *tokenizer) charGrams(s string, lo, hi int) bool {
	s = collapse(s)
	t.starts = runeStarts(t.starts[:0], s)
	n := len(t.starts) - 1
	for k := lo; k <= min(hi, n); k++ {
		if len(t.out)+n-k > t.most {
			return false
		}
		for i := 0; i+k <= n; i++ {
			t.out = append(t.out, s[t.starts[i]:t.starts[i+k]])
		}
	}
	return true
}

func (t *tokenizer) charWBGrams(s string, lo, hi int) bool {
	for _, w := range pystr.Fields(collapse(s)) {
		w = " " + w + " "
		t.starts = runeStarts(t.starts[:0], w)
		n := len(t.starts) - 1
		for k := lo; k <= hi; k++ {
			if len(t.out)+n-k > t.most {
				return false
			}
			t.out = append(t.out, w[:t.starts[min(k, n)]])
			for i := 1; i+k <= n; i++ {
				t.out = append(t.out, w[t.starts[i]:t.starts[i+k]])
			}
			if k >= n {
				break
			}
		}
	}
	return true
}

// tokenize splits texts into terms.
func tokenize(n *node) (kernel, error) {
	a := n.Attr.(*graph.TokenizeAttr)
	n.costs(5000)
	return func(c *call) error {
		t := c.local(func() any { return &tokenizer{terms: terms{most: maxTerms}} }).(*tokenizer)
		out := c.result(0).Tokens
		t.start(out.Terms)
		for i, s := range c.dense(0).Str {
			if err := c.stopped(); err != nil {
				return err
			}
			var fits bool
			switch a.Unit {
			case graph.UnitChar:
				fits = t.charGrams(s, a.Lo, a.Hi)
			case graph.UnitCharWB:
				fits = t.charWBGrams(s, a.Lo, a.Hi)
			default:
				var err error
				if fits, err = t.wordGrams(c, s, a); err != nil {
					return err
				}
			}
			if !fits {
				return c.refuse("the n-grams of %d to %d are more than %d, or than %d bytes of words", a.Lo, a.Hi, maxTerms, maxGlue)
			}
			out.Indptr[i+1] = len(t.out)
		}
		out.Terms = t.finish()
		return nil
	}, nil
}

func (t *tokenizer) wordGrams(c *call, s string, a *graph.TokenizeAttr) (fits bool, err error) {
	words := t.words[:0]
	switch {
	case a.Cut != nil:
		words, err = a.Cut.Do(words, s)
	case a.Pattern.WordRuns() > 0:
		words = wordRuns(words, s, a.Pattern.WordRuns())
	default:
		words, err = a.Pattern.FindAll(words, s)
	}
	if err != nil {
		return false, c.refuse("%s", err)
	}
	t.words = words
	if a.Stop != nil {
		words = slices.DeleteFunc(words, func(w string) bool { return a.Stop[w] })
	}
	// scikit-learn's range of n-grams: an upper end of 1 means words whatever the lower one is
	if a.Hi == 1 {
		t.out = append(t.out, words...)
		return true, nil
	}
	return t.grams(words, a.Lo, a.Hi), nil
}

// countTerms counts the terms of the vocabulary.
func countTerms(n *node) (kernel, error) {
	a := n.Attr.(*graph.CountTermsAttr)
	n.costs(3000)
	type counter struct {
		count []int64 // zero between rows
		data  []int64
	}
	return func(c *call) error {
		k := c.local(func() any { return &counter{count: make([]int64, a.Columns)} }).(*counter)
		tokens, out := c.in(0).Tokens, c.outCSR(0)
		k.data = k.data[:0]
		for r := range c.rows {
			from := len(out.Indices)
			for _, s := range tokens.Terms[tokens.Indptr[r]:tokens.Indptr[r+1]] {
				j, ok := a.Vocabulary[s]
				if !ok {
					continue
				}
				if k.count[j] == 0 {
					out.Indices = append(out.Indices, j)
				}
				k.count[j]++
			}
			row := out.Indices[from:]
			slices.Sort(row)
			for _, j := range row {
				v := k.count[j]
				k.count[j] = 0
				if a.Binary {
					v = 1
				}
				k.data = append(k.data, v)
			}
			out.Indptr[r+1] = len(out.Indices)
		}
		out.Data.Resize(len(k.data))
		convert(out.Data, &tensor.Tensor{DType: tensor.Int64, Shape: []int{len(k.data)}, I64: k.data})
		return nil
	}, nil
}

// murmur3 is MurmurHash3_x86_32 with seed 0, whose whole words are of the machine's byte order.
func murmur3(big bool, s ...string) int32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	var h, k uint32
	n := 0
	for _, part := range s {
		for i := range len(part) {
			k |= uint32(part[i]) << (8 * (n & 3))
			if n++; n&3 == 0 {
				if big {
					k = bits.ReverseBytes32(k)
				}
				k *= c1
				k = k<<15 | k>>17
				k *= c2
				h ^= k
				h = h<<13 | h>>19
				h = h*5 + 0xe6546b64
				k = 0
			}
		}
	}
	if n&3 != 0 {
		k *= c1
		k = k<<15 | k>>17
		k *= c2
		h ^= k
	}
	h ^= uint32(n)
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	h ^= h >> 16
	return int32(h)
}

// hashColumn is scikit-learn's column of a hash.
func hashColumn(h int32, columns int) int32 {
	if h == math.MinInt32 {
		return int32((math.MaxInt32 - (int64(columns) - 1)) % int64(columns))
	}
	return int32(int64(max(h, -h)) % int64(columns))
}

// hashTerms hashes terms to columns and sums what falls together, in the order of the row.
func hashTerms(n *node) (kernel, error) {
	a := n.Attr.(*graph.HashTermsAttr)
	n.costs(3000)
	type entry struct {
		column int32
		value  float64
	}
	type hasher struct {
		row  []entry
		data []float64
	}
	round := func(v float64) float64 { return v }
	switch {
	case a.DType == tensor.Float32:
		round = func(v float64) float64 { return float64(float32(v)) }
	case a.DType.IsInt():
		round = math.Trunc
	}
	return func(c *call) error {
		k := c.local(func() any { return new(hasher) }).(*hasher)
		v, out := c.in(0), c.outCSR(0)
		k.data = k.data[:0]
		for r := range c.rows {
			k.row = k.row[:0]
			add := func(h int32, value float64) {
				if value == 0 {
					return
				}
				if a.Signed && h < 0 {
					value = -value
				}
				k.row = append(k.row, entry{hashColumn(h, a.Columns), round(value)})
			}
			if t := v.Tokens; t != nil {
				for _, s := range t.Terms[t.Indptr[r]:t.Indptr[r+1]] {
					add(murmur3(a.BigEndian, s), 1)
				}
			} else {
				for p := v.Dicts.Indptr[r]; p < v.Dicts.Indptr[r+1]; p++ {
					name, cell := v.Dicts.Keys[p], v.Dicts.Values[p]
					if cell.Kind == tensor.CellStr {
						add(murmur3(a.BigEndian, name, "=", cell.S), 1)
						continue
					}
					f, number := cell.Float()
					if !number {
						return c.refuse("must be real number, not %s", cell.Repr())
					}
					add(murmur3(a.BigEndian, name), f)
				}
			}
			slices.SortStableFunc(k.row, func(x, y entry) int { return int(x.column) - int(y.column) })
			for i, e := range k.row {
				if i > 0 && k.row[i-1].column == e.column {
					last := len(k.data) - 1
					k.data[last] = round(k.data[last] + e.value)
					continue
				}
				out.Indices = append(out.Indices, e.column)
				k.data = append(k.data, e.value)
			}
			out.Indptr[r+1] = len(out.Indices)
		}
		if a.Binary {
			for i := range k.data {
				k.data[i] = 1
			}
		}
		out.Data.Resize(len(k.data))
		convert(out.Data, &tensor.Tensor{DType: tensor.Float64, Shape: []int{len(k.data)}, F64: k.data})
		return nil
	}, nil
}

// dictRows puts named values into columns; a name given twice keeps both entries.
func dictRows(n *node) (kernel, error) {
	a := n.Attr.(*graph.DictRowsAttr)
	type entry struct {
		column int32
		value  float64
	}
	type rows struct {
		row  []entry
		data []float64
	}
	return func(c *call) error {
		k := c.local(func() any { return new(rows) }).(*rows)
		d, out := c.in(0).Dicts, c.outCSR(0)
		k.data = k.data[:0]
		for r := range c.rows {
			k.row = k.row[:0]
			if a.Single {
				if name := repeated(d.Keys[d.Indptr[r]:d.Indptr[r+1]]); name != "" {
					return c.refuse("could not convert to float: several values of %s, which scikit-learn reads since 0.24, and as an array since 1.0", name)
				}
			}
			for p := d.Indptr[r]; p < d.Indptr[r+1]; p++ {
				name, cell, value := d.Keys[p], d.Values[p], nan
				switch cell.Kind {
				case tensor.CellStr:
					name, value = name+a.Separator+cell.S, 1
				case tensor.CellBytes:
					return c.refuse("Unsupported value Type <class 'bytes'> for %s: %s.\n<class 'bytes'> objects are not supported.", name, cell.Repr())
				case tensor.CellNone:
				default:
					value, _ = cell.Float()
				}
				if j, ok := a.Vocabulary[name]; ok {
					if whole := a.DType.IsInt(); whole && cell.Kind == tensor.CellNone {
						return c.refuse("int() argument must be a string, a bytes-like object or a real number, not 'NoneType': the value of %s", name)
					} else if whole && (math.IsNaN(value) || math.IsInf(value, 0)) {
						return c.refuse("cannot convert float %v to integer: the value of %s", value, name)
					}
					k.row = append(k.row, entry{j, value})
				}
			}
			slices.SortStableFunc(k.row, func(x, y entry) int { return int(x.column) - int(y.column) })
			for i, e := range k.row {
				if a.Last && i+1 < len(k.row) && k.row[i+1].column == e.column {
					continue
				}
				out.Indices = append(out.Indices, e.column)
				k.data = append(k.data, e.value)
			}
			out.Indptr[r+1] = len(out.Indices)
		}
		out.Data.Resize(len(k.data))
		convert(out.Data, &tensor.Tensor{DType: tensor.Float64, Shape: []int{len(k.data)}, F64: k.data})
		return nil
	}, nil
}

// repeated gives a name that stands twice, "" if none does.
func repeated(names []string) string {
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		if seen[n] {
			return n
		}
		seen[n] = true
	}
	return ""
}

// termRows names the nonzero entries of each row.
func termRows(n *node) (kernel, error) {
	a := n.Attr.(*graph.TermRowsAttr)
	width := len(a.Names)
	return func(c *call) error {
		v, x := c.result(0), c.in(0)
		add := func(r int, t *tensor.Tensor, i, j int) {
			if f, _ := t.Float(i); f == 0 {
				return
			}
			if a.Values {
				if n := len(v.Dicts.Keys); n > v.Dicts.Indptr[r] && v.Dicts.Keys[n-1] == a.Names[j] { // an entry stored twice
					c := t.Cell(i)
					v.Dicts.Values[n-1].F += c.F
					v.Dicts.Values[n-1].I += c.I
					return
				}
				v.Dicts.Keys, v.Dicts.Values = append(v.Dicts.Keys, a.Names[j]), append(v.Dicts.Values, t.Cell(i))
			} else {
				v.Tokens.Terms = append(v.Tokens.Terms, a.Names[j])
			}
		}
		for r := range c.rows {
			if x.CSR != nil {
				for p := x.CSR.Indptr[r]; p < x.CSR.Indptr[r+1]; p++ {
					add(r, x.CSR.Data, p, int(x.CSR.Indices[p]))
				}
			} else {
				for j := range width {
					add(r, x.Dense, r*width+j, j)
				}
			}
			if a.Values {
				v.Dicts.Indptr[r+1] = len(v.Dicts.Keys)
			} else {
				v.Tokens.Indptr[r+1] = len(v.Tokens.Terms)
			}
		}
		return nil
	}, nil
}

// sublinear takes logarithms in the entries' own precision.
func sublinear(*node) (kernel, error) {
	return func(c *call) error {
		x, out := c.csr(0), likeCSR(c, c.csr(0))
		if out.DType.Storage() == tensor.F32 {
			for i, v := range x.Data.F32 {
				out.F32[i] = float32(log(float64(v))) + 1
			}
		} else {
			for i, v := range x.Data.F64 {
				out.F64[i] = log(v) + 1
			}
		}
		finish(out)
		return nil
	}, nil
}
