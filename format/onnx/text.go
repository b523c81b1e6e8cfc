package onnx

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/protowire"
	"github.com/larder-ml/larder/internal/pystr"
	"github.com/larder-ml/larder/tensor"
)

// typedLabels gives class labels in object arrays (of pandas columns, lists, Python 2) the one type they all are: text,
// also of Python 2's kind, whole numbers, numbers or truth values. It changes g, which is Merge's own copy but for its types.
func typedLabels(g *graph.Graph) {
	g.Types = slices.Clone(g.Types)
	for i := range g.Nodes {
		n := &g.Nodes[i]
		switch n.Op {
		case graph.OpHStack:
			typedColumns(g, n)
			continue
		case graph.OpCast:
			typedCast(g, n)
			continue
		}
		a, ok := n.Attr.(*graph.LabelsAttr)
		if !ok || a.Classes.DType != tensor.Object || g.Types[n.Out[0]].DType != tensor.Object {
			continue
		}
		if t := oneType(a.Classes); t != nil {
			n.Attr = &graph.LabelsAttr{Classes: t}
			g.Types[n.Out[0]].DType = t.DType
		}
	}
}

// typedColumns gives the columns of a frame the types that labels in them were given.
func typedColumns(g *graph.Graph, n *graph.Node) {
	out := &g.Types[n.Out[0]]
	if out.Kind != graph.Frame || len(out.Columns) != len(n.In) {
		return
	}
	out.Columns = slices.Clone(out.Columns)
	for j, id := range n.In {
		if t := g.Types[id]; t.Kind == graph.Dense && out.Columns[j].DType == tensor.Object {
			out.Columns[j].DType = t.DType
		}
	}
}

// typedCast leaves columns that all have one type that type, where they would be objects in one array.
func typedCast(g *graph.Graph, n *graph.Node) {
	in, out := g.Types[n.In[0]], &g.Types[n.Out[0]]
	if in.Kind != graph.Frame || len(in.Columns) == 0 || out.DType != tensor.Object {
		return
	}
	d := in.Columns[0].DType
	if slices.ContainsFunc(in.Columns, func(c graph.Column) bool { return c.DType != d }) {
		return
	}
	n.Attr, out.DType = &graph.CastAttr{To: d}, d
}

// oneType is an array of cells as an array of the type they all have, nil if they have several.
func oneType(t *tensor.Tensor) *tensor.Tensor {
	var out *tensor.Tensor
	for i, c := range t.Cells {
		d := tensor.Object
		switch c.Kind {
		case tensor.CellStr:
			d = tensor.String
		case tensor.CellBytes:
			if utf8.ValidString(c.S) {
				d = tensor.String
			}
		case tensor.CellInt:
			d = tensor.Int64
		case tensor.CellFloat:
			d = tensor.Float64
		case tensor.CellBool:
			d = tensor.Bool
		}
		if out == nil && d != tensor.Object {
			out = tensor.New(d, t.Shape...)
		}
		if out == nil || d != out.DType {
			return nil
		}
		if d == tensor.String {
			out.Str[i] = c.S
			continue
		}
		if d == tensor.Int64 {
			out.I64[i] = c.I
			continue
		}
		f, _ := c.Float()
		setNumber(out, i, f)
	}
	return out
}

// textOps write text through three operations of ONNX Runtime's: its own Tokenizer, which splits text into characters,
// RegexFullMatch, which tells word characters, and TfIdfVectorizer, which counts n-grams of numbers. Words are found by
// walking the tree of the vocabulary's words character by character, so that a word is counted if and only if it is in
// the vocabulary; nothing depends on a locale or another library's idea of case.
var textOps = table{graph.OpTextNormalize: textNormalize, graph.OpTokenize: tokenize, graph.OpCountTerms: countTerms}

// textForm is text on its way to counts.
type textForm struct {
	x     string // [N]
	lower bool
	split *graph.TokenizeAttr
}

func textNormalize(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.TextNormalizeAttr)
	switch {
	case e.inType(0).DType != tensor.String:
		return nil, e.unsupported("no tensor holds %s", e.inType(0).DType)
	case a.Accents != graph.AccentsKeep:
		return nil, e.unsupported("ONNX can not strip accents as Python does")
	case len(a.Steps) > 0:
		return nil, e.unsupported("ONNX has no %s", a.Steps[0].Name)
	}
	return []value{{text: &textForm{x: e.in(0), lower: a.Lower}}}, nil
}

func tokenize(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.TokenizeAttr)
	if a.Unit == graph.UnitWord && a.Cut != nil {
		return nil, e.unsupported("ONNX has no %s", a.Cut.Name)
	}
	if a.Unit == graph.UnitWord && a.Pattern.WordRuns() == 0 {
		return nil, e.unsupported("ONNX has not Python's regular expressions, only runs of word characters: %s", a.Pattern)
	}
	t := textForm{}
	if v := e.vals[n.In[0]]; v.text != nil {
		t = *v.text
	} else {
		t.x = e.in(0)
	}
	t.split = a
	return []value{{text: &t}}, nil
}

// characters says of every code point what it is once it is lowered, if it is.
type characters struct {
	word   string          // regular expression of those that are word characters then
	become map[rune][]rune // those that change
	spaces []string
}

var (
	asTheyAre = sync.OnceValue(func() *characters { return newCharacters(false) })
	lowered   = sync.OnceValue(func() *characters { return newCharacters(true) })
)

func newCharacters(lower bool) *characters {
	c := &characters{become: map[rune][]rune{}}
	buf := make([]byte, 0, 16)
	c.word = class(func(r rune) bool {
		if pystr.IsSpace(r) {
			c.spaces = append(c.spaces, string(r))
		}
		if lower && (r < 0x80 || unicode.ToLower(r) != r || r == 'İ') {
			buf = pystr.AppendLower(buf[:0], string(r))
			if s := string(buf); s != string(r) {
				c.become[r] = []rune(s)
				r = c.become[r][0]
			}
		}
		return pystr.IsWord(r)
	})
	return c
}

// lastProperty is the last code point that has properties: the planes behind it are for private use. Planes 4 to 13 are
// not assigned.
const lastProperty = 0xeffff

// class is the regular expression of the code points that are in a set.
func class(in func(r rune) bool) string {
	var s strings.Builder
	s.WriteByte('[')
	from := rune(-1)
	for r := rune(0); r <= lastProperty+1; r++ {
		if r == 0x40000 {
			r = 0xe0000
		}
		is := r <= lastProperty && utf8.ValidRune(r) && in(r)
		switch {
		case is && from < 0:
			from = r
		case !is && from >= 0:
			fmt.Fprintf(&s, `\x{%x}-\x{%x}`, from, r-1)
			from = -1
		}
	}
	s.WriteByte(']')
	return s.String()
}

// ignorable and cased are what a final sigma is told by.
var (
	ignorable = sync.OnceValue(func() string { return class(pystr.CaseIgnorable) })
	cased     = sync.OnceValue(func() string {
		return class(func(r rune) bool { return pystr.Cased(r) && !pystr.CaseIgnorable(r) })
	})
)

// finalSigma tells the capital sigmas that have a cased character before them and none behind, with only case-ignorable
// ones between.
func (e *encoder) finalSigma(chars string) string {
	i64 := func(v int64) string { return e.scalar(float64(v), tensor.Int64) }
	count := e.op("Not", e.add("RegexFullMatch", []string{chars}, attr{"pattern", ignorable()}))
	is := e.cast(e.add("RegexFullMatch", []string{chars}, attr{"pattern", cased()}), tensor.Bool, tensor.Int64)
	// Among those that count, without the ignorable ones.
	list := e.op("Equal", e.packed(is, count), i64(1))
	final := e.op("And", e.shifted(list, true, false), e.op("Not", e.shifted(list, false, false)))
	at := e.op("Sub", e.op("CumSum", e.cast(count, tensor.Bool, tensor.Int64), i64(1)), i64(1))
	final = e.add("GatherElements", []string{e.cast(final, tensor.Bool, tensor.Int64), e.op("Max", at, i64(0))}, attr{"axis", 1})
	return e.op("And", e.op("Equal", chars, e.tensor(tensor.FromStr([]string{"Σ"}))), e.cast(final, tensor.Int64, tensor.Bool))
}

// letters numbers the characters of the vocabulary from 2 on.
type letters struct {
	*characters
	number map[rune]int64
}

// of returns the number of a character, 1 for one that is not in the vocabulary.
func (l *letters) of(r rune) int64 { return max(l.number[r], 1) }

// encoder maps characters as they come to numbers, others to none and padding to pad. A character that becomes two has
// the number two. None is what l.of gives, or 0 where only word characters get that.
func (l *letters) encoder(e *encoder, chars string, none, pad, two int64) (string, error) {
	keys, values := []string{""}, []int64{pad}
	add := func(r rune, v int64) { keys, values = append(keys, string(r)), append(values, v) }
	for _, r := range slices.Sorted(maps.Keys(l.number)) {
		if l.become[r] == nil {
			add(r, l.number[r])
		}
	}
	for _, r := range slices.Sorted(maps.Keys(l.become)) {
		switch to := l.become[r]; {
		case len(to) == 2 && !pystr.IsWord(to[1]):
			add(r, two)
		case len(to) > 1:
			return "", e.unsupported("%q becomes %q", string(r), string(to))
		case l.number[to[0]] > 0:
			add(r, l.number[to[0]])
		}
	}
	id := e.addML(2, "LabelEncoder", []string{chars}, attr{"keys_strings", keys}, attr{"values_int64s", values}, attr{"default_int64", int(none)})
	if l.become['Σ'] != nil && (l.number['σ'] > 0 || l.number['ς'] > 0) {
		id = e.op("Where", e.finalSigma(chars), e.scalar(float64(l.of('ς')), tensor.Int64), id)
	}
	return id, nil
}

// twice is the one character whose lower case is two.
const twice = 'İ'

// gram is a term of the vocabulary as numbers, -1 in one that can not come.
type gram struct {
	ids    []int64
	column int32
}

func countTerms(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.CountTermsAttr)
	t := e.vals[n.In[0]].text
	if t == nil || t.split == nil {
		return nil, e.unsupported("ONNX has no rows of different length")
	}
	if a.Columns == 0 {
		return nil, e.unsupported("no vocabulary")
	}
	l := &letters{characters: asTheyAre(), number: map[rune]int64{}}
	if t.lower {
		l.characters = lowered()
	}
	terms := byColumn(a.Vocabulary)
	for _, term := range terms {
		for _, r := range term {
			if l.number[r] == 0 {
				l.number[r] = int64(len(l.number)) + 2
			}
		}
	}
	// A document more, so that there are always a row and a character.
	all := e.add("Concat", []string{t.x, e.tensor(tensor.FromStr([]string{" "}))}, attr{"axis", 0})
	chars := e.fresh()
	e.ms = 1
	e.opset = 20
	e.addTo("Tokenizer", "com.microsoft", []string{all}, []string{chars}, attr{"mark", 0}, attr{"mincharnum", 1}, attr{"pad_value", ""}, attr{"separators", []string{""}})
	e.infos.Message(graphValue, valueInfo(chars, elemString, []int{anyDim, anyDim})) // the real checker needs to know
	var seq string
	var grams []gram
	var err error
	if t.split.Unit == graph.UnitWord {
		seq, grams, err = e.words(t.split, l, chars, terms, a.Vocabulary)
	} else {
		seq, grams, err = e.charGrams(t.split, l, chars, terms, a.Vocabulary)
	}
	if err != nil {
		return nil, err
	}
	counts := e.grams(seq, grams, a.Columns)
	counts = e.add("Slice", []string{counts, e.ints(0), e.ints(-1), e.ints(0)})
	if a.Binary {
		counts = e.add("Cast", []string{counts}, attr{"to", elemBool})
	}
	return one(e.add("Cast", []string{counts}, attr{"to", e.elem(a.DType)})), nil
}

// byColumn lists terms in the order of their columns.
func byColumn(vocabulary map[string]int32) []string {
	terms, dense := make([]string, len(vocabulary)), true
	seen := make([]bool, len(vocabulary))
	for term, column := range vocabulary {
		if dense = column >= 0 && int(column) < len(terms) && !seen[column]; !dense {
			break
		}
		terms[column], seen[column] = term, true
	}
	if dense {
		return terms
	}
	type entry struct {
		term   string
		column int32
	}
	list := make([]entry, 0, len(vocabulary))
	for term, column := range vocabulary {
		list = append(list, entry{term, column})
	}
	slices.SortFunc(list, func(x, y entry) int {
		if x.column != y.column {
			return cmp.Compare(x.column, y.column)
		}
		return cmp.Compare(x.term, y.term)
	})
	for i, e := range list {
		terms[i] = e.term
	}
	return terms
}

// grams counts n-grams in rows of numbers.
func (e *encoder) grams(seq string, grams []gram, columns int) string {
	least, most := math.MaxInt, 1
	found := make([]bool, columns)
	for _, g := range grams {
		least, most = min(least, len(g.ids)), max(most, len(g.ids))
		found[g.column] = true
	}
	least = min(least, most)
	for c, ok := range found {
		if !ok { // a term that can not come keeps its column
			grams = append(grams, gram{slices.Repeat([]int64{-2}, least), int32(c)})
			grams[len(grams)-1].ids[0] = -2 - int64(c)
		}
	}
	var pool, starts, at []int64
	for n := 1; n <= most; n++ {
		starts = append(starts, int64(len(pool)))
		for _, g := range grams {
			if len(g.ids) == n {
				pool, at = append(pool, g.ids...), append(at, int64(g.column))
			}
		}
	}
	return e.add("TfIdfVectorizer", []string{seq}, attr{"mode", "TF"}, attr{"min_gram_length", least}, attr{"max_gram_length", most},
		attr{"max_skip_count", 0}, attr{"ngram_counts", starts}, attr{"ngram_indexes", at}, attr{"pool_int64s", pool})
}

// shifted moves columns by one, right or left, and fills up with a truth value.
func (e *encoder) shifted(x string, right, fill bool) string {
	edge := e.add("Slice", []string{x, e.ints(0), e.ints(1), e.ints(1)})
	edge = e.op("Xor", edge, edge)
	if fill {
		edge = e.op("Not", edge)
	}
	if right {
		return e.concat([]string{edge, e.add("Slice", []string{x, e.ints(0), e.ints(-1), e.ints(1)})}, 1)
	}
	return e.concat([]string{e.add("Slice", []string{x, e.ints(1), e.ints(math.MaxInt32), e.ints(1)}), edge}, 1)
}

// packed moves the numbers that are kept to the front of their row, in order; behind them comes -1.
func (e *encoder) packed(x, keep string) string {
	i64 := func(v float64) string { return e.scalar(v, tensor.Int64) }
	every := e.cast(e.op("Or", keep, e.op("Not", keep)), tensor.Bool, tensor.Int64)
	place := e.op("Add", e.op("CumSum", every, i64(1)), e.op("Where", keep, i64(0), i64(1<<40)))
	width := e.add("Shape", []string{x}, attr{"start", 1}, attr{"end", 2})
	values, order := e.fresh(), e.fresh()
	e.addTo("TopK", "", []string{place, width}, []string{values, order}, attr{"axis", 1}, attr{"largest", 0}, attr{"sorted", 1})
	return e.add("GatherElements", []string{e.op("Where", keep, x, i64(-1)), order}, attr{"axis", 1})
}

// words finds the words of the vocabulary and gives their numbers.
func (e *encoder) words(a *graph.TokenizeAttr, l *letters, chars string, terms []string, columns map[string]int32) (string, []gram, error) {
	i64 := func(v int64) string { return e.scalar(float64(v), tensor.Int64) }
	least := a.Pattern.WordRuns()
	ids := map[string]int64{}
	var list []string
	number := func(w string) int64 {
		if _, ok := ids[w]; !ok {
			ids[w] = int64(len(list))
			list = append(list, w)
		}
		return ids[w]
	}
	grams := make([]gram, 0, len(terms))
	words := make([]string, 1)
	for _, term := range terms {
		ok := true
		words[0] = term
		if a.Hi > 1 {
			words = strings.Split(term, " ")
			ok = len(words) >= a.Lo && len(words) <= a.Hi
		}
		for _, w := range words {
			ok = ok && utf8.RuneCountInString(w) >= least && !a.Stop[w] && !strings.ContainsFunc(w, func(r rune) bool { return !pystr.IsWord(r) })
		}
		if !ok {
			continue
		}
		g := gram{column: columns[term]}
		for _, w := range words {
			g.ids = append(g.ids, number(w))
		}
		grams = append(grams, g)
	}
	const stop = -2
	if a.Hi > 1 {
		for _, w := range slices.Sorted(maps.Keys(a.Stop)) {
			ids[w] = stop
			list = append(list, w)
			for _, r := range w {
				if l.number[r] == 0 {
					l.number[r] = int64(len(l.number)) + 2
				}
			}
		}
	}
	two := int64(len(l.number)) + 2
	size := two + 1
	// The tree: state 0 is its root, -1 is outside.
	letters := 0
	for _, w := range list {
		letters += len(w)
	}
	keys, next := make([]int64, 0, letters), make([]int64, 0, letters)
	ends, endIDs := make([]int64, 0, len(list)), make([]int64, 0, len(list))
	path, before := []int64{0}, []rune{} // the states along the word before
	slices.Sort(list)
	for _, w := range list {
		same, at := 0, 0
		for same < len(before) && at < len(w) {
			r, n := utf8.DecodeRuneInString(w[at:])
			if r != before[same] {
				break
			}
			same, at = same+1, at+n
		}
		path, before = path[:same+1], before[:same]
		for _, r := range w[at:] {
			before = append(before, r)
			to := int64(len(keys)) + 1
			keys, next = append(keys, path[len(path)-1]*size+l.of(r)), append(next, to)
			path = append(path, to)
		}
		if state := path[len(path)-1]; state > 0 {
			ends, endIDs = append(ends, state), append(endIDs, ids[w])
		}
	}
	id, err := l.encoder(e, chars, 0, 0, two)
	if err != nil {
		return "", nil, err
	}
	word := e.add("RegexFullMatch", []string{chars}, attr{"pattern", l.word})
	letter := e.op("Max", id, e.cast(word, tensor.Bool, tensor.Int64))
	start := e.op("Not", e.shifted(word, true, false))
	if l.become[twice] != nil {
		cut := e.op("Equal", letter, i64(two)) // its second half is no word character
		letter = e.op("Where", cut, i64(l.of(l.become[twice][0])), letter)
		start = e.op("Or", start, e.shifted(cut, true, false))
	}
	start = e.op("And", start, word)
	end := e.op("Or", e.shifted(start, false, true), e.op("Not", e.shifted(word, false, false)))
	end = e.op("And", end, word)
	late := start
	for k := 1; k < least; k++ {
		end = e.op("And", end, e.op("Not", late))
		late = e.shifted(late, true, false)
	}

	rows := e.add("Shape", []string{chars}, attr{"start", 0}, attr{"end", 1})
	state, in, begins := e.fresh(), e.fresh(), e.fresh()
	model := e.nodes
	e.nodes = protowire.Message{}
	key := e.op("Add", e.op("Mul", e.op("Where", begins, i64(0), state), i64(size)), in)
	to := e.labelEncoder(key, "keys_int64s", keys, next, -1)
	seen := e.op("Identity", to)
	body := e.nodes
	e.nodes = model
	g := &protowire.Message{}
	g.Append(&body)
	g.String(graphName, "walk")
	g.Message(graphInput, valueInfo(state, elemInt64, []int{graph.N}))
	g.Message(graphInput, valueInfo(in, elemInt64, []int{graph.N}))
	g.Message(graphInput, valueInfo(begins, elemBool, []int{graph.N}))
	g.Message(graphOutput, valueInfo(to, elemInt64, []int{graph.N}))
	g.Message(graphOutput, valueInfo(seen, elemInt64, []int{graph.N}))
	last, states := e.fresh(), e.fresh()
	e.addTo("Scan", "", []string{e.add("Expand", []string{i64(0), rows}), letter, start}, []string{last, states},
		attr{"body", g}, attr{"num_scan_inputs", 2}, attr{"scan_input_axes", []int64{1, 1}}, attr{"scan_output_axes", []int64{1}})

	found := e.labelEncoder(states, "keys_int64s", ends, endIDs, -1)
	if a.Hi == 1 {
		return e.op("Where", end, found, i64(-1)), grams, nil
	}
	return e.packed(found, e.op("And", end, e.op("Not", e.op("Equal", found, i64(stop))))), grams, nil
}

// charGrams gives the numbers of characters: those of the text, white space collapsed, or those of its words, each between
// blanks.
func (e *encoder) charGrams(a *graph.TokenizeAttr, l *letters, chars string, terms []string, columns map[string]int32) (string, []gram, error) {
	i64 := func(v int64) string { return e.scalar(float64(v), tensor.Int64) }
	inWords := a.Unit == graph.UnitCharWB
	var grams []gram
	for _, term := range terms {
		g := gram{column: columns[term]}
		for _, r := range term {
			g.ids = append(g.ids, l.number[r])
		}
		n := len(g.ids)
		short := inWords && n > 2 && n < a.Lo && term[0] == ' ' && term[len(term)-1] == ' ' // a whole word
		if n > 0 && (n >= a.Lo || short) && n <= a.Hi {
			grams = append(grams, g)
		}
	}
	two := int64(len(l.number)) + 2
	id, err := l.encoder(e, chars, 1, -1, two)
	if err != nil {
		return "", nil, err
	}
	space := e.addML(2, "LabelEncoder", []string{chars}, attr{"keys_strings", l.spaces}, attr{"values_int64s", slices.Repeat([]int64{1}, len(l.spaces))}, attr{"default_int64", 0})
	space = e.cast(space, tensor.Int64, tensor.Bool)
	given := e.op("GreaterOrEqual", id, i64(0))
	keep := e.op("And", given, e.op("Not", e.op("And", space, e.shifted(space, true, false))))
	blank := i64(l.of(' '))
	split := e.op("Equal", id, i64(two))
	second := i64(1)
	if to := l.become[twice]; to != nil {
		id = e.op("Where", split, i64(l.of(to[0])), id)
		second = i64(l.of(to[1]))
	}
	slots := func(parts ...string) string {
		for i := range parts {
			parts[i] = e.add("Unsqueeze", []string{parts[i], e.ints(2)})
		}
		joined := e.concat(parts, 2)
		rows := e.add("Shape", []string{chars}, attr{"start", 0}, attr{"end", 1})
		return e.add("Reshape", []string{joined, e.concat([]string{rows, e.ints(-1)}, 0)})
	}
	if !inWords {
		id = e.op("Where", e.op("And", space, e.shifted(space, false, false)), blank, id)
		if l.become[twice] != nil {
			id = slots(id, e.op("Where", split, second, id))
			keep = slots(keep, split)
		}
		return e.packed(id, keep), grams, nil
	}
	// A blank between words becomes a blank, a bound and a blank; at the ends stands one.
	letter := e.cast(e.op("And", given, e.op("Not", space)), tensor.Bool, tensor.Int64)
	before := e.op("CumSum", letter, i64(1))
	whole := e.add("ReduceSum", []string{letter, e.ints(1)}, attr{"keepdims", 1})
	between := e.op("And", space, e.op("And", e.op("Greater", before, i64(0)), e.op("Less", before, whole)))
	keep = e.op("And", keep, e.op("Or", e.op("Not", space), between))
	turn := e.op("And", keep, space)
	const bound = -3
	id = slots(e.op("Where", space, blank, id), e.op("Where", space, i64(bound), e.op("Where", split, second, id)), e.op("Where", space, blank, id))
	keep = slots(keep, e.op("Or", turn, split), turn)
	some := e.op("Greater", whole, i64(0))
	blanks := e.op("Where", some, blank, blank)
	id = e.concat([]string{blanks, id, blanks}, 1)
	keep = e.concat([]string{some, keep, some}, 1)
	return e.packed(id, keep), grams, nil
}
