package graph

import (
	"github.com/larder-ml/larder/internal/pyre"
	"github.com/larder-ml/larder/tensor"
)

// Operations on text and on rows of terms. ONNX has a form for counts of words, of characters and their n-grams.
const (
	OpTextNormalize Op = "TextNormalize" // text [N] → text [N]: lower case, accents stripped. Attr *TextNormalizeAttr
	OpTokenize      Op = "Tokenize"      // text [N] → Tokens. Attr *TokenizeAttr
	OpCountTerms    Op = "CountTerms"    // Tokens → CSR counts. Attr *CountTermsAttr
	OpHashTerms     Op = "HashTerms"     // Tokens or Dicts → CSR of signed hashes. Attr *HashTermsAttr
	OpDictRows      Op = "DictRows"      // Dicts → CSR. Attr *DictRowsAttr
	OpTermRows      Op = "TermRows"      // matrix → the names of each row's nonzero entries. Attr *TermRowsAttr
	OpSublinear     Op = "Sublinear"     // CSR → log of the stored entries, plus one
)

// Accents says how accents are stripped.
type Accents uint8

// The ways of stripping accents.
const (
	AccentsKeep    Accents = iota
	AccentsUnicode         // compatibility decomposition without combining characters
	AccentsASCII           // the ASCII characters of the compatibility decomposition
	// AccentsUnicodeOld leaves text alone that is its own decomposition: scikit-learn before 0.22.
	AccentsUnicodeOld
)

// TextNormalizeAttr describes TextNormalize. Lower comes before Accents, Steps come last. Bytes are decoded by Encoding, a name
// that internal/pystr knows; Errors is "strict", "ignore" or "replace".
type TextNormalizeAttr struct {
	Lower            bool
	Python2          bool // lower case is that of Python 2
	Accents          Accents
	Encoding, Errors string
	Steps            []TextStep
}

// TextStep is a function of a document.
type TextStep struct {
	Name string // what it is, for those who can not do it: "str.upper"
	Do   func(s string) (string, error)
}

// TextNormalize prepares documents. Cells that are no text are refused at run time.
func (b *Builder) TextNormalize(x Value, a TextNormalizeAttr) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(t.Shape) != 1 || (t.DType != tensor.String && t.DType != tensor.Object) {
		return b.Failf(OpTextNormalize, "not defined for %s", t)
	}
	if t.DType == tensor.String && !a.Lower && a.Accents == AccentsKeep && len(a.Steps) == 0 {
		return x
	}
	return b.Add1(OpTextNormalize, &a, Type{DType: tensor.String, Shape: t.Shape}, x)
}

// TermUnit is what terms are made of.
type TermUnit uint8

// The units.
const (
	UnitWord   TermUnit = iota // what a pattern finds
	UnitChar                   // characters, white space collapsed
	UnitCharWB                 // characters inside words, which are padded with a blank
)

// TokenizeAttr describes Tokenize. Stop words are left out before n-grams of Lo to Hi words are joined by a blank.
type TokenizeAttr struct {
	Unit    TermUnit
	Pattern *pyre.Pattern // UnitWord
	Cut     *TextCut      // UnitWord, in place of a pattern
	Stop    map[string]bool
	Lo, Hi  int
}

// TextCut is a function that makes words of a text: it appends them to dst.
type TextCut struct {
	Name string // what it is, for those who can not do it: "str.splitlines"
	Do   func(dst []string, s string) ([]string, error)
}

// Tokenize splits texts into terms.
func (b *Builder) Tokenize(x Value, a TokenizeAttr) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(t.Shape) != 1 || t.DType != tensor.String || (a.Unit == UnitWord) != (a.Pattern != nil || a.Cut != nil) {
		return b.Failf(OpTokenize, "not defined for %s", t)
	}
	return b.Add1(OpTokenize, &a, Type{Kind: Tokens, Shape: []int{N}}, x)
}

// CountTermsAttr holds the column of each term. Terms that are none are left out; Binary counts once.
type CountTermsAttr struct {
	Vocabulary map[string]int32
	Columns    int
	Binary     bool
	DType      tensor.DType
}

// CountTerms counts the terms of a vocabulary.
func (b *Builder) CountTerms(x Value, a CountTermsAttr) Value {
	if !x.OK() {
		return x
	}
	if t := x.Type(); t.Kind != Tokens || !a.DType.IsNumeric() {
		return b.Failf(OpCountTerms, "not defined for %s", t)
	}
	return b.Add1(OpCountTerms, &a, Type{Kind: CSR, DType: a.DType, Shape: []int{N, a.Columns}}, x)
}

// HashTermsAttr describes HashTerms: the column is the term's 32-bit MurmurHash3 modulo Columns, its sign that of the
// value if Signed. Entries of one column are summed; Binary makes every stored entry one.
type HashTermsAttr struct {
	Columns        int
	Signed, Binary bool
	BigEndian      bool // words of four bytes are read as a big-endian machine reads them
	DType          tensor.DType
}

// HashTerms hashes terms, or names with their values, to columns.
func (b *Builder) HashTerms(x Value, a HashTermsAttr) Value {
	if !x.OK() {
		return x
	}
	if t := x.Type(); (t.Kind != Tokens && t.Kind != Dicts) || !a.DType.IsNumeric() || a.Columns < 1 {
		return b.Failf(OpHashTerms, "not defined for %s", t)
	}
	return b.Add1(OpHashTerms, &a, Type{Kind: CSR, DType: a.DType, Shape: []int{N, a.Columns}}, x)
}

// DictRowsAttr holds the column of each name; text values are part of the name, behind the separator.
type DictRowsAttr struct {
	Vocabulary map[string]int32
	Columns    int
	Separator  string
	DType      tensor.DType
	Last       bool // of several values of a column the last one holds, else their sum
	Single     bool // a name with several values in a row is refused
}

// DictRows puts named values into their columns.
func (b *Builder) DictRows(x Value, a DictRowsAttr) Value {
	if !x.OK() {
		return x
	}
	if t := x.Type(); t.Kind != Dicts || !a.DType.IsNumeric() {
		return b.Failf(OpDictRows, "not defined for %s", t)
	}
	return b.Add1(OpDictRows, &a, Type{Kind: CSR, DType: a.DType, Shape: []int{N, a.Columns}}, x)
}

// TermRowsAttr holds the name of each column. Values gives Dicts with the entries, else Tokens.
type TermRowsAttr struct {
	Names  []string
	Values bool
}

// TermRows lists the names of the nonzero entries of each row.
func (b *Builder) TermRows(x Value, a TermRowsAttr) Value {
	if !x.OK() {
		return x
	}
	x = b.stored(x)
	t := x.Type()
	if (t.Kind != Dense && t.Kind != CSR) || len(t.Shape) != 2 || t.Shape[1] != len(a.Names) || !t.DType.IsNumeric() {
		return b.Failf(OpTermRows, "%d names for %s", len(a.Names), t)
	}
	out := Type{Kind: Tokens, Shape: []int{N}}
	if a.Values {
		out.Kind = Dicts
	}
	return b.Add1(OpTermRows, &a, out, x)
}

// Sublinear replaces the stored entries of a floating CSR value by their logarithm plus one.
func (b *Builder) Sublinear(x Value) Value {
	if !x.OK() {
		return x
	}
	x = b.stored(x)
	if t := x.Type(); t.Kind != CSR || !t.DType.IsFloat() {
		return b.Failf(OpSublinear, "not defined for %s", t)
	}
	return b.Add1(OpSublinear, nil, x.Type(), x)
}
