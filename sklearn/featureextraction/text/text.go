// Package text is sklearn.feature_extraction.text: documents to counts of terms, their weights and their hashes.
package text

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/pyre"
	"github.com/larder-ml/larder/internal/pystr"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	{Name: "sklearn.feature_extraction.text.CountVectorizer",
		New:     func() sklearn.Estimator { return new(CountVectorizer) },
		FitOnly: countFitOnly,
		Ignore:  countIgnore,
		Upgrade: []sklearn.Rung{python2, oldAccents}},
	{Name: "sklearn.feature_extraction.text.TfidfTransformer",
		New:     func() sklearn.Estimator { return new(TfidfTransformer) },
		FitOnly: []string{"smooth_idf"}},
	{Name: "sklearn.feature_extraction.text.TfidfVectorizer",
		New:     func() sklearn.Estimator { return new(TfidfVectorizer) },
		FitOnly: append([]string{"norm", "use_idf", "smooth_idf", "sublinear_tf"}, countFitOnly...),
		Ignore:  countIgnore,
		Upgrade: []sklearn.Rung{python2, oldAccents}},
	{Name: "sklearn.feature_extraction.text.HashingVectorizer",
		New:    func() sklearn.Estimator { return new(HashingVectorizer) },
		Ignore: []string{"_stop_words_id"},
		Upgrade: []sklearn.Rung{python2, oldAccents, {Before: "0.22", Fix: func(s *sklearn.State) error {
			s.Default("alternate_sign", pyobj.Bool(true))
			return nil
		}}}},
}

var (
	countFitOnly = []string{"max_df", "min_df", "max_features"}
	countIgnore  = []string{"stop_words_", "_stop_words_id", "fixed_vocabulary_"}
)

// python2 marks what Python 2 wrote, whose patterns and lower case knew less. Its strings name the attributes.
var python2 = sklearn.Rung{Before: "0.21", Fix: func(s *sklearn.State) error {
	for _, e := range s.Attrs.Entries {
		if _, ok := e.Key.(pyobj.Py2Str); ok {
			s.Attrs.Set(pyobj.Str("(python 2)"), pyobj.Bool(true))
			return nil
		}
	}
	return nil
}}

// oldAccents marks releases that left text alone which was its own compatibility decomposition.
var oldAccents = sklearn.Rung{Before: "0.22", Fix: func(s *sklearn.State) error {
	s.Attrs.Set(pyobj.Str("rule_decomposed"), pyobj.Bool(true))
	return nil
}}

// vectorizer is what makes terms of documents.
type vectorizer struct {
	InputParam        string      `sk:"input"`
	EncodingParam     string      `sk:"encoding"`
	DecodeErrorParam  string      `sk:"decode_error"`
	StripAccentsParam pyobj.Value `sk:"strip_accents,optional"`
	PreprocessorParam pyobj.Value `sk:"preprocessor,optional"`
	TokenizerParam    pyobj.Value `sk:"tokenizer,optional"`
	AnalyzerParam     pyobj.Value `sk:"analyzer"`
	LowercaseParam    bool        `sk:"lowercase"`
	TokenPatternParam *string     `sk:"token_pattern,optional"`
	StopWordsParam    pyobj.Value `sk:"stop_words,optional"`
	NgramRangeParam   []int       `sk:"ngram_range"`

	// RuleDecomposed: before 0.22 strip_accents="unicode" left text alone that was decomposed already.
	RuleDecomposed bool `sk:"rule_decomposed,optional"`
	// RulePython2: a pattern without (?u) knows ASCII alone, lower case each character by itself.
	RulePython2 bool `sk:"(python 2),optional"`

	normalize graph.TextNormalizeAttr
	tokenize  graph.TokenizeAttr
	foreign   error // a part of the analyser is the author's own code
	single    bool  // the analyser gives one text, which stands for its characters
}

// prepare reads the settings.
func (v *vectorizer) prepare(bd *sklearn.Binder, path string) error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	if n := v.NgramRangeParam; len(n) != 2 || n[0] < 1 || n[1] < n[0] {
		return bad("ngram_range", "%v is no range", n)
	}
	if v.InputParam != "content" {
		v.foreign = sklearn.NotComputed("input=%q: documents are read from files", v.InputParam)
	}
	if name, ok := pystr.Encoding(v.EncodingParam); ok {
		v.EncodingParam = name
	}
	v.normalize = graph.TextNormalizeAttr{Lower: v.LowercaseParam, Python2: v.RulePython2, Encoding: v.EncodingParam, Errors: v.DecodeErrorParam}
	v.tokenize = graph.TokenizeAttr{Lo: v.NgramRangeParam[0], Hi: v.NgramRangeParam[1]}
	analyzer, ok := sklearn.Text(v.AnalyzerParam)
	if !ok { // in place of all that follows
		v.normalize.Lower = false
		v.tokenize = graph.TokenizeAttr{Lo: 1, Hi: 1, Cut: v.cut(bd, "analyzer", v.AnalyzerParam)}
		return nil
	}
	strip := v.StripAccentsParam
	if v.PreprocessorParam != nil { // in place of lowercase and strip_accents
		v.normalize.Lower, strip = false, nil
		v.step(bd, "preprocessor", v.PreprocessorParam)
	}
	if strip != nil {
		switch s, ok := sklearn.Text(strip); {
		case !ok:
			if on, err := sklearn.Bool(strip); err != nil || on {
				v.step(bd, "strip_accents", strip)
			}
		case s == "unicode" && v.RuleDecomposed:
			v.normalize.Accents = graph.AccentsUnicodeOld
		case s == "unicode":
			v.normalize.Accents = graph.AccentsUnicode
		case s == "ascii":
			v.normalize.Accents = graph.AccentsASCII
		default:
			return bad("strip_accents", "%q is not known", s)
		}
	}
	switch analyzer {
	case "char":
		v.tokenize.Unit = graph.UnitChar
		return nil
	case "char_wb":
		v.tokenize.Unit = graph.UnitCharWB
		return nil
	case "word":
	default:
		return bad("analyzer", "%q is not known", analyzer)
	}
	if v.TokenizerParam != nil {
		v.tokenize.Cut = v.cut(bd, "tokenizer", v.TokenizerParam)
		return v.stopWords(path)
	}
	if v.TokenPatternParam == nil {
		return bad("token_pattern", "None, wanted a pattern")
	}
	compile := pyre.Compile
	if v.RulePython2 {
		compile = pyre.CompilePython2
	}
	p, err := compile(*v.TokenPatternParam)
	if err != nil {
		return bad("token_pattern", "%v", err)
	}
	if p.Groups() > 1 {
		return bad("token_pattern", "More than 1 capturing group in token pattern. Only a single group should be captured.")
	}
	v.tokenize.Pattern = p
	return v.stopWords(path)
}

func (v *vectorizer) stopWords(path string) error {
	if v.StopWordsParam == nil {
		return nil
	}
	var words []string
	if s, ok := sklearn.Text(v.StopWordsParam); ok {
		if s != "english" {
			return &sklearn.BindError{Path: path, Attr: "stop_words", Msg: fmt.Sprintf("not a built-in stop list: %s", s)}
		}
		words = strings.Fields(englishStopWords)
	} else {
		var err error
		if words, err = sklearn.Strings(v.StopWordsParam); err != nil {
			return &sklearn.BindError{Path: path, Attr: "stop_words", Msg: err.Error()}
		}
	}
	v.tokenize.Stop = make(map[string]bool, len(words))
	for _, w := range words {
		v.tokenize.Stop[w] = true
	}
	return nil
}

// step adds a function of documents.
func (v *vectorizer) step(bd *sklearn.Binder, what string, x pyobj.Value) {
	f := new(parts.Function)
	if err := f.UnmarshalPy(bd, what, x); err != nil {
		v.own(what, f, err)
		return
	}
	switch name := f.Name; {
	case v.RulePython2 && f.Own == nil:
		v.own(what, f, nil)
		return
	case (name == "str.lower" || name == "method.lower") && len(f.Args) == 0 && f.Keywords() && !v.normalize.Lower:
		v.normalize.Lower = true
		return
	case name == "sklearn.strip_accents_unicode" && v.RuleDecomposed:
		v.normalize.Accents = graph.AccentsUnicodeOld
		return
	}
	do, err := step(f)
	if do == nil || err != nil {
		v.own(what, f, err)
		return
	}
	v.normalize.Steps = append(v.normalize.Steps, graph.TextStep{Name: f.What, Do: do})
}

// cut is a function of words.
func (v *vectorizer) cut(bd *sklearn.Binder, what string, x pyobj.Value) *graph.TextCut {
	f := new(parts.Function)
	err := f.UnmarshalPy(bd, what, x)
	var c *graph.TextCut
	if err == nil && (!v.RulePython2 || f.Own != nil) {
		c, err = cut(f)
	}
	if c == nil || err != nil {
		v.own(what, f, err)
		return nil
	}
	do, _ := step(f)
	v.single = do != nil
	return c
}

// own notes a function that is not computed: the author's, or one that has no meaning here.
func (v *vectorizer) own(what string, f *parts.Function, why error) {
	if v.foreign != nil {
		return
	}
	if why != nil {
		v.foreign = sklearn.NotComputed("%s is %s: %v", what, f.What, why)
		return
	}
	if f.Foreign() {
		v.foreign = sklearn.NotComputed("%s is %s: a model's own code is never run", what, f.What)
		return
	}
	v.foreign = sklearn.NotComputed("%s is %s, which has no implementation here with what is bound to it", what, f.What)
}

// terms splits documents.
func (v *vectorizer) terms(b *graph.Builder, x graph.Value) graph.Value {
	if v.foreign != nil {
		return b.Unsupported(graph.OpTokenize, "%v", v.foreign)
	}
	if !x.OK() {
		return x
	}
	t := x.Type()
	switch {
	case t.Kind == graph.Frame:
		return b.Refuse("a frame is no iterable of documents: its column names would be read. Select one column")
	case t.Kind != graph.Dense || len(t.Shape) != 1 || (t.DType != tensor.String && t.DType != tensor.Object):
		return b.Refuse("'numpy.ndarray' object has no attribute 'lower': %s is no list of documents", t)
	}
	return b.Tokenize(b.TextNormalize(x, v.normalize), v.tokenize)
}

func (v *vectorizer) available(method string) error { return v.foreign }

// describe says that the input is text.
func describe(in *sklearn.Input) *sklearn.Input {
	in.Form = sklearn.FormTexts
	if len(in.Columns) == 0 {
		in.Columns = []*sklearn.Column{sklearn.NewColumn("text")}
	}
	in.Columns[0].Read(tensor.String)
	in.Columns[0].Text = true
	return nil
}

// vocabulary is the column of each term.
type vocabulary map[string]int32

// UnmarshalPy reads a dict of columns, a list of terms or a set of them.
func (v *vocabulary) UnmarshalPy(_ *sklearn.Binder, path string, x pyobj.Value) error {
	d, ok := sklearn.Mapping(x)
	if !ok {
		words, err := sklearn.Strings(x)
		if err != nil {
			return err
		}
		if _, set := x.(*pyobj.Set); set {
			slices.Sort(words)
		}
		*v = make(vocabulary, len(words))
		for i, w := range words {
			if _, twice := (*v)[w]; twice {
				return fmt.Errorf("duplicate term in vocabulary: %q", w)
			}
			(*v)[w] = int32(i)
		}
		return nil
	}
	*v = make(vocabulary, d.Len())
	taken := make([]bool, d.Len())
	for _, e := range d.Entries {
		term, ok := sklearn.Text(e.Key)
		if !ok {
			return fmt.Errorf("%s, wanted a term", sklearn.Describe(e.Key))
		}
		i, err := sklearn.Int(e.Value)
		if err != nil {
			return err
		}
		if i < 0 || i >= len(taken) || taken[i] {
			return fmt.Errorf("vocabulary of size %d gives %q column %d", len(taken), term, i)
		}
		taken[i] = true
		(*v)[term] = int32(i)
	}
	return nil
}

// names lists the terms by column.
func (v vocabulary) names() []string {
	out := make([]string, len(v))
	for term, i := range v {
		out[i] = term
	}
	return out
}

// CountVectorizer is sklearn.feature_extraction.text.CountVectorizer.
type CountVectorizer struct {
	sklearn.Base
	vectorizer
	VocabularyParam vocabulary  `sk:"vocabulary,optional"`
	Vocabulary      vocabulary  `sk:"vocabulary_,optional"`
	BinaryParam     bool        `sk:"binary"`
	DTypeParam      parts.DType `sk:"dtype"`
}

var (
	_ sklearn.Transformer        = (*CountVectorizer)(nil)
	_ sklearn.InverseTransformer = (*CountVectorizer)(nil)
	_ sklearn.FeatureNamer       = (*CountVectorizer)(nil)
	_ sklearn.Availabler         = (*CountVectorizer)(nil)
	_ sklearn.InputDescriber     = (*CountVectorizer)(nil)
)

// Bound reads the settings and takes a given vocabulary for the fitted one.
func (v *CountVectorizer) Bound(bd *sklearn.Binder) error {
	if v.Vocabulary == nil {
		v.Vocabulary = v.VocabularyParam
	}
	if len(v.Vocabulary) == 0 {
		return &sklearn.BindError{Path: v.Path, Attr: "vocabulary_", Msg: "Vocabulary not fitted or provided"}
	}
	if !v.DTypeParam.IsNumeric() {
		return &sklearn.BindError{Path: v.Path, Attr: "dtype", Msg: "no number type"}
	}
	return v.prepare(bd, v.Path)
}

// Available refuses what the author's own functions would do.
func (v *CountVectorizer) Available(method string) error {
	if method == sklearn.MethodInverseTransform {
		return nil
	}
	return v.available(method)
}

// Transform counts the terms of the vocabulary.
func (v *CountVectorizer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	return b.CountTerms(v.terms(b, x), graph.CountTermsAttr{Vocabulary: v.Vocabulary, Columns: len(v.Vocabulary), Binary: v.BinaryParam, DType: v.DTypeParam.DType})
}

// InverseTransform lists the terms of each row.
func (v *CountVectorizer) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, v, x, sklearn.Accept{Sparse: true, NaN: true, Inf: true, Array: true})
	if x.OK() && x.Type().Kind == graph.OneHot {
		x = b.ToCSR(x)
	}
	if x.OK() && x.Width() != len(v.Vocabulary) {
		return b.Refuse("X has %d columns, the vocabulary %d", x.Width(), len(v.Vocabulary))
	}
	names := v.Vocabulary.names()
	for i, n := range names { // numpy's text arrays end at their last character that is not NUL
		names[i] = strings.TrimRight(n, "\x00")
	}
	return b.TermRows(x, graph.TermRowsAttr{Names: names})
}

// FeatureNamesOut lists the terms by column.
func (v *CountVectorizer) FeatureNamesOut([]string) ([]string, error) {
	return v.Vocabulary.names(), nil
}

// DescribeInput says that the input is text.
func (v *CountVectorizer) DescribeInput(in *sklearn.Input) *sklearn.Input { return describe(in) }

// TfidfTransformer is sklearn.feature_extraction.text.TfidfTransformer.
type TfidfTransformer struct {
	sklearn.Base
	NormParam        *string        `sk:"norm,optional"`
	UseIDFParam      bool           `sk:"use_idf"`
	SublinearTFParam bool           `sk:"sublinear_tf"`
	IDF              *tensor.Tensor `sk:"idf_,optional"`
	PrivateIDFDiag   *tensor.Sparse `sk:"_idf_diag,optional"` // before 1.5: a diagonal matrix

	norm *graph.Norm
}

var (
	_ sklearn.Transformer  = (*TfidfTransformer)(nil)
	_ sklearn.FeatureNamer = (*TfidfTransformer)(nil)
)

// Bound reads the norm and the weights.
func (t *TfidfTransformer) Bound(*sklearn.Binder) error {
	if t.NormParam != nil {
		norm, ok := map[string]graph.Norm{"l1": graph.NormL1, "l2": graph.NormL2, "max": graph.NormMax}[*t.NormParam]
		if !ok {
			return &sklearn.BindError{Path: t.Path, Attr: "norm", Msg: fmt.Sprintf("%q is not known", *t.NormParam)}
		}
		t.norm = &norm
	}
	if d := t.PrivateIDFDiag; d != nil && t.IDF == nil {
		if d.Rows != d.Cols || (d.Data.DType != tensor.Float64 && d.Data.DType != tensor.Float32) {
			return &sklearn.BindError{Path: t.Path, Attr: "_idf_diag", Msg: fmt.Sprintf("%d x %d of %s", d.Rows, d.Cols, d.Data.DType)}
		}
		t.IDF = tensor.New(d.Data.DType, d.Cols)
		for i := range d.Rows {
			for p := d.Indptr[i]; p < d.Indptr[i+1]; p++ {
				if int(d.Indices[p]) != i {
					return &sklearn.BindError{Path: t.Path, Attr: "_idf_diag", Msg: "not diagonal"}
				}
				if d.Data.DType == tensor.Float64 {
					t.IDF.F64[i] = d.Data.F64[p]
				} else {
					t.IDF.F32[i] = d.Data.F32[p]
				}
			}
		}
	}
	if t.UseIDFParam && t.IDF == nil {
		return &sklearn.BindError{Path: t.Path, Attr: "idf_", Msg: "The TF-IDF vectorizer is not fitted"}
	}
	if t.IDF != nil && t.NFeaturesIn == 0 {
		t.NFeaturesIn = t.IDF.Len()
	}
	return nil
}

// Transform weighs counts and scales rows to norm one.
func (t *TfidfTransformer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	accept := sklearn.Accept{DType: sklearn.DTypeFloat2, Sparse: true}
	if t.Before("0.20") {
		accept.DType, accept.NoHalf = sklearn.DTypeFloat, true
	}
	x = b.ToCSR(sklearn.Check(b, t, x, accept))
	if t.SublinearTFParam {
		x = b.Sublinear(x)
	}
	switch {
	case !t.UseIDFParam:
	case t.PrivateIDFDiag != nil:
		x = b.Mul(x, b.Const(t.IDF))
	default:
		x = b.InPlace(graph.OpMul, x, b.Const(t.IDF))
	}
	if t.norm != nil {
		x = b.Normalize(sklearn.Finite(b, t, x, sklearn.Accept{}), graph.NormalizeAttr{Norm: *t.norm}) // NaN is the logarithm of a negative number
	}
	return x
}

// FeatureNamesOut keeps the names.
func (t *TfidfTransformer) FeatureNamesOut(in []string) ([]string, error) {
	return sklearn.InputNames(t, in, t.NFeaturesIn)
}

// TfidfVectorizer is sklearn.feature_extraction.text.TfidfVectorizer.
type TfidfVectorizer struct {
	CountVectorizer
	PrivateTfidf sklearn.Estimator `sk:"_tfidf"`
}

var (
	_ sklearn.Transformer        = (*TfidfVectorizer)(nil)
	_ sklearn.InverseTransformer = (*TfidfVectorizer)(nil)
	_ sklearn.FeatureNamer       = (*TfidfVectorizer)(nil)
	_ sklearn.Availabler         = (*TfidfVectorizer)(nil)
	_ sklearn.Holder             = (*TfidfVectorizer)(nil)
	_ sklearn.InputDescriber     = (*TfidfVectorizer)(nil)
)

// Bound checks the weights.
func (v *TfidfVectorizer) Bound(bd *sklearn.Binder) error {
	if v.PrivateTfidf == nil {
		return &sklearn.BindError{Path: v.Path, Attr: "_tfidf", Msg: "attribute is missing"}
	}
	if !v.DTypeParam.IsFloat() {
		v.DTypeParam.DType = tensor.Float64
	}
	return v.CountVectorizer.Bound(bd)
}

// Inside returns the transformer of the weights.
func (v *TfidfVectorizer) Inside() []sklearn.Estimator { return []sklearn.Estimator{v.PrivateTfidf} }

// Transform counts and weighs.
func (v *TfidfVectorizer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Transform(b, v.PrivateTfidf, v.CountVectorizer.Transform(b, x))
}

// HashingVectorizer is sklearn.feature_extraction.text.HashingVectorizer.
type HashingVectorizer struct {
	sklearn.Base
	vectorizer
	NFeaturesParam     int         `sk:"n_features"`
	BinaryParam        bool        `sk:"binary"`
	NormParam          *string     `sk:"norm,optional"`
	AlternateSignParam bool        `sk:"alternate_sign"`
	NonNegativeParam   bool        `sk:"non_negative,optional"` // until 0.20
	DTypeParam         parts.DType `sk:"dtype"`
}

var (
	_ sklearn.Transformer    = (*HashingVectorizer)(nil)
	_ sklearn.Availabler     = (*HashingVectorizer)(nil)
	_ sklearn.InputDescriber = (*HashingVectorizer)(nil)
)

var norms = map[string]graph.Norm{"l1": graph.NormL1, "l2": graph.NormL2, "max": graph.NormMax}

// Bound reads the settings.
func (v *HashingVectorizer) Bound(bd *sklearn.Binder) error {
	if v.NormParam != nil {
		if _, ok := norms[*v.NormParam]; !ok {
			return &sklearn.BindError{Path: v.Path, Attr: "norm", Msg: fmt.Sprintf("%q is not known, only %v", *v.NormParam, slices.Sorted(maps.Keys(norms)))}
		}
	}
	if v.NFeaturesParam < 1 || v.NFeaturesParam > 1<<31-1 {
		return &sklearn.BindError{Path: v.Path, Attr: "n_features", Msg: fmt.Sprintf("%d columns", v.NFeaturesParam)}
	}
	if !v.DTypeParam.IsNumeric() {
		return &sklearn.BindError{Path: v.Path, Attr: "dtype", Msg: "no number type"}
	}
	return v.prepare(bd, v.Path)
}

// Available refuses what the author's own functions would do.
func (v *HashingVectorizer) Available(method string) error {
	if v.single && v.tokenize.Stop == nil && v.tokenize.Hi == 1 {
		return sklearn.NotComputed("Samples can not be a single string. The input must be an iterable over iterables of strings.")
	}
	return v.available(method)
}

// Transform hashes the terms to columns.
func (v *HashingVectorizer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	y := b.HashTerms(v.terms(b, x), graph.HashTermsAttr{Columns: v.NFeaturesParam, Signed: v.AlternateSignParam, Binary: v.BinaryParam, BigEndian: v.BigEndian, DType: v.DTypeParam.DType})
	if v.NonNegativeParam {
		y = b.Unary(graph.OpAbs, y)
	}
	if v.NormParam == nil || !y.OK() {
		return y
	}
	if d := y.DType(); d != tensor.Float32 {
		y = b.Cast(y, tensor.Float64)
	}
	return b.Normalize(y, graph.NormalizeAttr{Norm: norms[*v.NormParam]})
}

// DescribeInput says that the input is text.
func (v *HashingVectorizer) DescribeInput(in *sklearn.Input) *sklearn.Input { return describe(in) }
