package sklearn

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/tensor"
)

// Unmarshaler is implemented by helper types (trees, losses, kernels) that read themselves from the object graph.
type Unmarshaler interface {
	UnmarshalPy(bd *Binder, path string, v pyobj.Value) error
}

// Binder binds one file's objects.
type Binder struct {
	Registry *Registry
	// Lenient collects attributes that are not accounted for in Findings instead of failing.
	Lenient  bool
	Findings []*BindError
	// Own collects the attributes that the author hung on estimators and scikit-learn does not read: "model.threshold".
	Own []string
	// Numpy is the major release of the numpy that wrote the file, 0 where the file does not tell.
	Numpy int
	// BigEndian says that a big-endian machine wrote the file.
	BigEndian bool

	depth    int
	busy     map[*pyobj.Object]bool // the objects read so far; true while what is in one is being read
	reads    int
	versions map[string]Version
}

// before is Older.
func (bd *Binder) before(a, b string) bool {
	return bd.version(a).settled().Compare(bd.version(b)) < 0
}

// climb applies the rungs for releases newer than the one that wrote the object. A snapshot of the development lies
// between two releases: it is read where both read it alike.
func (bd *Binder) climb(st *State) error {
	for _, r := range st.Class.Upgrade {
		if bd.before(st.Version, r.Before) {
			if err := r.Fix(st); err != nil {
				return err
			}
			continue
		}
		if v := bd.version(st.Version); v.dev >= 0 && v.Compare(bd.version(r.Before)) < 0 {
			other := *st
			other.Attrs = st.Attrs.Clone()
			if err := r.Fix(&other); err != nil || !sameMeaning(st.Attrs, other.Attrs) {
				return &BindError{st.Path, "_sklearn_version", fmt.Sprintf("%q is a snapshot of the development of %s, which reads this otherwise than the release before it", st.Version, r.Before)}
			}
			st.Attrs = other.Attrs
		}
	}
	return nil
}

// sameMeaning reports that a rung only renamed attributes and added some that were missing.
func sameMeaning(from, to *pyobj.Dict) bool {
	for _, e := range to.Entries {
		name, _ := pyobj.Text(e.Key)
		if was := from.Get(name); was == nil && ruleName(name) || was != nil && !reflect.DeepEqual(was, e.Value) {
			return false
		}
	}
	return true
}

// ruleName reports an attribute that says how an older release computed.
func ruleName(attr string) bool {
	return strings.HasPrefix(attr, "rule_") || strings.HasPrefix(attr, "(")
}

func (bd *Binder) version(s string) Version {
	v, ok := bd.versions[s]
	if !ok {
		if bd.versions == nil {
			bd.versions = map[string]Version{}
		}
		v, _ = ParseVersion(s)
		bd.versions[s] = v
	}
	return v
}

// A file may name one object in many places, and each is read anew: so often altogether, and so often an object.
const (
	maxReads    = 10_000
	maxReadsPer = 16
)

// Visit counts the reading of an object whose parts are read with it. It is an error where a file of few objects, each in several
// places inside the next, would be read without end.
func (bd *Binder) Visit(o *pyobj.Object, path string) error {
	if bd.busy == nil {
		bd.busy = map[*pyobj.Object]bool{}
	}
	if _, ok := bd.busy[o]; !ok {
		bd.busy[o] = false
	}
	if bd.reads++; bd.reads > maxReads+maxReadsPer*len(bd.busy) {
		return &BindError{path, "", "the same objects stand inside one another in too many places"}
	}
	return nil
}

// maxDepth bounds estimators inside estimators.
const maxDepth = 100

// Bind turns an object into a typed estimator. path names it in errors ("model").
//
// Fields are matched by tag: `sk:"coef_"`. A field whose tag ends in ",optional" may be absent or None; every other
// one must be there. A fitted or private attribute that is neither bound nor listed in the class is an error.
//
// The field types and what they take:
//
//	bool, int, int64, float64, string    Python and numpy scalars, 0-d and one-element arrays; never None
//	*bool, *int, *float64, *string       the same or None
//	[]int, []float64, []string, []bool   one-dimensional arrays, lists, tuples, sets
//	*tensor.Tensor                       arrays, lists and scalars of numbers; of anything where the tag has ",text"
//	[]*tensor.Tensor                     lists and object arrays of such
//	*tensor.Sparse                       scipy sparse matrices
//	Matrix                               dense or sparse
//	Estimator                            a nested estimator; None only where optional
//	[]Estimator                          lists and object arrays (flattened) of estimators
//	pyobj.Value                          anything, as it is
//	types with UnmarshalPy               what they say
func (bd *Binder) Bind(v pyobj.Value, path string) (Estimator, error) {
	o, ok := v.(*pyobj.Object)
	if !ok {
		return nil, &BindError{path, "", fmt.Sprintf("%s is no estimator", Describe(v))}
	}
	name := o.ClassName()
	c := bd.Registry.Lookup(name)
	if c == nil {
		return nil, &UnknownClassError{path, name}
	}
	if err := bd.Visit(o, path); err != nil {
		return nil, err
	}
	if bd.busy[o] || bd.depth >= maxDepth {
		return nil, &BindError{path, "", "estimators nest without end"}
	}
	bd.busy[o] = true
	bd.depth++
	defer func() { bd.busy[o] = false; bd.depth-- }()

	attrs, ok := o.Attrs()
	if !ok {
		return nil, &BindError{path, "", fmt.Sprintf("state is %s, wanted a dict of attributes", Describe(o.State))}
	}
	if attrs == nil {
		attrs = &pyobj.Dict{}
	}
	e := c.New()
	b := e.base()
	b.Path, b.Class, b.Object = path, c, o
	b.Version, _ = pyobj.Text(attrs.Get("_sklearn_version"))

	b.BigEndian = bd.BigEndian
	if b.Numpy = bd.Numpy; bd.before(b.Version, "1.4.2") {
		b.Numpy = 1 // no release before runs with numpy 2
	}
	for _, at := range attrs.Entries {
		if n, ok := pyobj.Text(at.Key); ok && ruleName(n) {
			return nil, &BindError{path, n, "this name is what an upgrade says of an older release: no file has it"}
		}
	}
	st := &State{Attrs: attrs.Clone(), Version: b.Version, Class: c, Path: path}
	if err := bd.climb(st); err != nil {
		var be *BindError
		if errors.As(err, &be) {
			return nil, err
		}
		return nil, &BindError{path, "", err.Error()}
	}
	if err := bd.base(b, st.Attrs); err != nil {
		return nil, err
	}
	left, err := bd.left(e, st.Attrs, path, c.FitOnly, c.Ignore)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(c.Name, "sklearn.") && bd.known(b.Version) {
		var own []string
		left, own = split(left)
		for _, n := range own {
			bd.Own = append(bd.Own, path+"."+n)
		}
	}
	if err := bd.unaccounted(path, left); err != nil {
		return nil, err
	}
	if f, ok := e.(interface{ Bound(bd *Binder) error }); ok {
		if err := f.Bound(bd); err != nil {
			var be *BindError
			var ue *UnknownClassError
			if errors.As(err, &be) || errors.As(err, &ue) {
				return nil, err
			}
			return nil, &BindError{path, "", err.Error()}
		}
	}
	return e, nil
}

// base reads what every estimator may carry.
func (bd *Binder) base(b *Base, attrs *pyobj.Dict) error {
	if v := attrs.Get("n_features_in_"); v != nil {
		if _, none := v.(pyobj.None); !none {
			n, err := Int(v)
			if err != nil || n < 0 || n > math.MaxInt32 {
				return &BindError{b.Path, "n_features_in_", fmt.Sprintf("%s is no count", Describe(v))}
			}
			b.NFeaturesIn = n
		}
	}
	if v := attrs.Get("feature_names_in_"); v != nil {
		if _, none := v.(pyobj.None); !none {
			s, err := Strings(v)
			if err != nil {
				return &BindError{b.Path, "feature_names_in_", err.Error()}
			}
			b.FeatureNamesIn = s
		}
	}
	if d, ok := attrs.Get("_sklearn_output_config").(*pyobj.Dict); ok {
		if s, ok := pyobj.Text(d.Get("transform")); ok && s != "default" {
			b.Output = s
		}
	}
	return nil
}

// always lists what any scikit-learn object may carry without bearing on a prediction. A class for which one of these
// does matter (random_state where methods draw) binds it.
var always = map[string]bool{
	"_sklearn_version": true, "n_features_in_": true, "feature_names_in_": true, "_sklearn_output_config": true,
	"_metadata_request": true, "verbose": true, "n_jobs": true, "warm_start": true,
	"random_state": true, "copy": true, "copy_X": true, "copy_x": true, "_n_features_out": true,
	"_doc_link_module": true, "_doc_link_template": true, "_doc_link_url_param_generator": true,
}

// Struct fills the tagged fields of *dst from attrs and fails on attributes left over. Helper types with a plain
// __dict__ use it from UnmarshalPy.
func (bd *Binder) Struct(dst any, attrs *pyobj.Dict, path string, ignore ...[]string) error {
	left, err := bd.left(dst, attrs, path, ignore...)
	if err != nil {
		return err
	}
	return bd.unaccounted(path, left)
}

// left fills the tagged fields of *dst and gives the names of the attributes that are neither a field nor ignored.
func (bd *Binder) left(dst any, attrs *pyobj.Dict, path string, ignore ...[]string) ([]string, error) {
	used := make([]bool, attrs.Len())
	if err := bd.fields(reflect.ValueOf(dst).Elem(), attrs, path, used); err != nil {
		return nil, err
	}
	skip := func(n string) bool {
		return always[n] || slices.ContainsFunc(ignore, func(names []string) bool { return slices.Contains(names, n) })
	}
	var left []string
	for i, e := range attrs.Entries {
		n, ok := pyobj.Text(e.Key)
		if !ok {
			return nil, &BindError{path, "", fmt.Sprintf("attribute name %s is no text", Describe(e.Key))}
		}
		if !used[i] && !skip(n) {
			left = append(left, n)
		}
	}
	sort.Strings(left)
	return left, nil
}

// unknownRelease is the first release whose parameters are not known.
const unknownRelease = "1.10"

// known reports a release of which every class and parameter is known.
func (bd *Binder) known(release string) bool {
	return bd.version(release).dev < 0 && bd.before(release, unknownRelease)
}

// split takes the author's own attributes out of those that are not accounted for: people hang "feature_names" or
// "threshold" on a model. No parameter of a known release is unknown, and what fitting makes ends or begins with "_".
func split(left []string) (rest, own []string) {
	for _, n := range left {
		if strings.HasPrefix(n, "_") || strings.HasSuffix(n, "_") {
			rest = append(rest, n)
		} else {
			own = append(own, n)
		}
	}
	return rest, own
}

func (bd *Binder) unaccounted(path string, left []string) error {
	for _, n := range left {
		err := &BindError{path, n, "attribute not accounted for"}
		if !bd.Lenient {
			return err
		}
		bd.Findings = append(bd.Findings, err)
	}
	return nil
}

// anyFitted tells whether there is any attribute that fitting makes.
func anyFitted(attrs *pyobj.Dict) bool {
	for _, e := range attrs.Entries {
		if n, _ := pyobj.Text(e.Key); strings.HasSuffix(n, "_") && !strings.HasPrefix(n, "_") {
			return true
		}
	}
	return false
}

// field is a field of a type that is bound.
type field struct {
	at       int
	name     string
	optional bool
	text     bool // an array may hold text, or what is neither text nor number
	inner    bool // embedded: its own fields are bound
}

var fieldsOf sync.Map // reflect.Type: []field

func fields(t reflect.Type) []field {
	if all, ok := fieldsOf.Load(t); ok {
		return all.([]field)
	}
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeOf(Base{}) {
			all = append(all, field{at: i, inner: true})
		} else if tag := f.Tag.Get("sk"); tag != "" {
			name, optional := strings.CutSuffix(tag, ",optional")
			name, text := strings.CutSuffix(name, ",text")
			all = append(all, field{at: i, name: name, optional: optional, text: text})
		}
	}
	fieldsOf.Store(t, all)
	return all
}

// fields fills the tagged fields of s; used is told which entries of attrs are bound.
func (bd *Binder) fields(s reflect.Value, attrs *pyobj.Dict, path string, used []bool) error {
	for _, f := range fields(s.Type()) {
		if f.inner {
			if err := bd.fields(s.Field(f.at), attrs, path, used); err != nil {
				return err
			}
			continue
		}
		name := f.name
		i := attrs.Find(name)
		if i < 0 {
			if f.optional {
				continue
			}
			if fitted := strings.HasSuffix(name, "_") && !strings.HasPrefix(name, "_"); fitted && !anyFitted(attrs) {
				return &BindError{path, name, "attribute is missing: the estimator is not fitted"}
			}
			return &BindError{path, name, "attribute is missing"}
		}
		used[i] = true
		v := attrs.Entries[i].Value
		if _, none := v.(pyobj.None); none {
			if f.optional {
				continue
			}
			if s.Field(f.at).Type() == typeEstimator {
				return &BindError{path, name, "None, wanted an estimator"}
			}
		}
		if err := bd.value(s.Field(f.at), v, place{path, name, -1}); err != nil {
			var be *BindError
			var ue *UnknownClassError
			if errors.As(err, &be) || errors.As(err, &ue) {
				return err
			}
			return &BindError{path, name, err.Error()}
		}
		if !f.text && !numbers(s.Field(f.at)) {
			return &BindError{path, name, Describe(v) + ", wanted numbers"}
		}
	}
	return nil
}

// numbers reports whether a bound array, or each of several, holds numbers; other fields do not say.
func numbers(v reflect.Value) bool {
	switch t := v.Interface().(type) {
	case *tensor.Tensor:
		return t.DType.IsNumeric() || t.DType == tensor.Object && t.AsF64() != nil
	case []*tensor.Tensor:
		return !slices.ContainsFunc(t, func(t *tensor.Tensor) bool { return !numbers(reflect.ValueOf(t)) })
	case Matrix:
		return t.Dense == nil || numbers(reflect.ValueOf(t.Dense))
	}
	return true
}

// place is where a value stands: an attribute, or an item of one.
type place struct {
	path, attr string
	item       int
}

func (p place) String() string {
	s := p.path
	if p.attr != "" {
		s += "." + p.attr
	}
	if p.item >= 0 {
		s += "[" + strconv.Itoa(p.item) + "]"
	}
	return s
}

var (
	typeTensor    = reflect.TypeOf((*tensor.Tensor)(nil))
	typeSparse    = reflect.TypeOf((*tensor.Sparse)(nil))
	typeTensors   = reflect.TypeOf([]*tensor.Tensor(nil))
	typeMatrix    = reflect.TypeOf(Matrix{})
	typeEstimator = reflect.TypeOf((*Estimator)(nil)).Elem()
	typeValue     = reflect.TypeOf((*pyobj.Value)(nil)).Elem()
	typeUnmarshal = reflect.TypeOf((*Unmarshaler)(nil)).Elem()
)

// Matrix is a dense or sparse matrix.
type Matrix struct {
	Dense  *tensor.Tensor
	Sparse *tensor.Sparse
}

func (bd *Binder) value(dst reflect.Value, v pyobj.Value, at place) error {
	t := dst.Type()
	if t.PkgPath() == "" { // no type of this module: it has no way of its own
		if is, err := basic(dst, v); is {
			return err
		}
	}
	switch {
	case t == typeValue:
		dst.Set(reflect.ValueOf(v))
		return nil
	case t.Implements(typeUnmarshal) && t.Kind() == reflect.Pointer:
		n := reflect.New(t.Elem())
		if err := n.Interface().(Unmarshaler).UnmarshalPy(bd, at.String(), v); err != nil {
			return err
		}
		dst.Set(n)
		return nil
	case reflect.PointerTo(t).Implements(typeUnmarshal):
		return dst.Addr().Interface().(Unmarshaler).UnmarshalPy(bd, at.String(), v)
	case t == typeTensor:
		x, err := Tensor(v)
		if err != nil {
			return err
		}
		dst.Set(reflect.ValueOf(x))
		return nil
	case t == typeSparse:
		x, err := numpy.Sparse(v)
		if err != nil {
			return err
		}
		dst.Set(reflect.ValueOf(x))
		return nil
	case t == typeMatrix:
		m, err := AnyMatrix(v)
		if err != nil {
			return err
		}
		dst.Set(reflect.ValueOf(m))
		return nil
	case t == typeTensors:
		items, err := Sequence(v)
		if err != nil {
			return err
		}
		out := make([]*tensor.Tensor, len(items))
		for i, it := range items {
			if out[i], err = Tensor(it); err != nil {
				return fmt.Errorf("item %d: %w", i, err)
			}
		}
		dst.Set(reflect.ValueOf(out))
		return nil
	case t == typeEstimator:
		if _, none := v.(pyobj.None); none {
			return nil
		}
		e, err := bd.Bind(v, at.String())
		if err != nil {
			return err
		}
		dst.Set(reflect.ValueOf(e))
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		if _, none := v.(pyobj.None); none {
			return nil
		}
		n := reflect.New(t.Elem())
		if err := bd.value(n.Elem(), v, at); err != nil {
			return err
		}
		dst.Set(n)
		return nil
	case reflect.Slice:
		items, err := Sequence(v)
		if err != nil {
			return err
		}
		out := reflect.MakeSlice(t, len(items), len(items))
		if at.item >= 0 {
			at = place{at.String(), "", -1}
		}
		for i, it := range items {
			if err := bd.value(out.Index(i), it, place{at.path, at.attr, i}); err != nil {
				return err
			}
		}
		dst.Set(out)
		return nil
	}
	if is, err := basic(dst, v); is {
		return err
	}
	return fmt.Errorf("a Go field of type %s can not be bound", t)
}

// basic fills a bool, a number or a string.
func basic(dst reflect.Value, v pyobj.Value) (is bool, err error) {
	switch dst.Kind() {
	case reflect.Bool:
		x, err := Bool(v)
		dst.SetBool(x)
		return true, err
	case reflect.Int, reflect.Int64:
		x, err := Int(v)
		dst.SetInt(int64(x))
		return true, err
	case reflect.Float64:
		x, err := Float(v)
		dst.SetFloat(x)
		return true, err
	case reflect.String:
		x, ok := pyobj.Text(v)
		if _, function := v.(*pyobj.Global); function {
			return true, fmt.Errorf("%s is not known: a model's own code is never run", Describe(v))
		}
		if !ok {
			return true, fmt.Errorf("%s, wanted text", Describe(v))
		}
		dst.SetString(x)
		return true, nil
	}
	return false, nil
}

// Mapping gives the entries of a dict, or of an OrderedDict, a defaultdict or a Counter.
func Mapping(v pyobj.Value) (*pyobj.Dict, bool) {
	switch x := v.(type) {
	case *pyobj.Dict:
		return x, true
	case *pyobj.Object:
		g, ok := x.Class.(*pyobj.Global)
		if !ok || g.Module != "collections" || g.Name != "OrderedDict" && g.Name != "defaultdict" && g.Name != "Counter" {
			return nil, false
		}
		d := new(pyobj.Dict)
		for _, a := range x.Args {
			switch a := a.(type) {
			case *pyobj.Dict:
				d.Entries = append(d.Entries, a.Entries...)
			case *pyobj.List, *pyobj.Tuple:
				return nil, false // pairs, as Python 2 writes an OrderedDict
			}
		}
		d.Entries = append(d.Entries, x.Pairs...)
		return d, true
	}
	return nil, false
}

// Describe names a value's Python type for messages.
func Describe(v pyobj.Value) string {
	switch x := v.(type) {
	case nil:
		return "nothing"
	case pyobj.None:
		return "None"
	case pyobj.Bool:
		return "a bool"
	case pyobj.Int, *pyobj.BigInt:
		return "an int"
	case pyobj.Float:
		return "a float"
	case pyobj.Str:
		if len(x) <= 40 {
			return fmt.Sprintf("%q", string(x))
		}
		return "a str"
	case pyobj.Py2Str, pyobj.Bytes, *pyobj.ByteArray:
		return "bytes"
	case *pyobj.List:
		return "a list"
	case *pyobj.Tuple:
		return "a tuple"
	case *pyobj.Dict:
		return "a dict"
	case *pyobj.Set:
		return "a set"
	case *pyobj.Global:
		return x.String()
	case *pyobj.Object:
		n := x.ClassName()
		if (n == "builtins.getattr" || n == "__builtin__.getattr") && len(x.Args) == 2 {
			if of, ok := pyobj.Text(x.Args[1]); ok {
				return Describe(x.Args[0]) + "." + of
			}
		}
		if n != "" {
			return n
		}
		return "an object"
	case *pyobj.Array:
		return fmt.Sprintf("an array %s%v", x.DType.Code(), x.Shape)
	case *pyobj.Scalar:
		return "a numpy scalar"
	case *pyobj.DType:
		return "a dtype"
	}
	return "an unknown value"
}

// Lists as arrays have no more dimensions than numpy's, and a list that holds itself, or one list many times over, ends.
const (
	maxDims  = 64
	maxItems = 1 << 24
)

// Tensor converts an array, a scalar, or a list or tuple of numbers or text.
func Tensor(v pyobj.Value) (*tensor.Tensor, error) {
	items := maxItems
	return nested(v, maxDims, &items)
}

// nested is Tensor of at most so many dimensions, and takes the items it reads from those that are left.
func nested(v pyobj.Value, dims int, left *int) (*tensor.Tensor, error) {
	switch x := v.(type) {
	case *pyobj.Array:
		return numpy.Tensor(x)
	case *pyobj.Scalar:
		a := &pyobj.Array{DType: x.DType, Shape: []int{}, Data: x.Data}
		if x.DType != nil && x.DType.Kind == 'O' {
			a.Objects = []pyobj.Value{x.Obj}
		}
		return numpy.Tensor(a)
	case pyobj.Float:
		return &tensor.Tensor{DType: tensor.Float64, Shape: []int{}, F64: []float64{float64(x)}}, nil
	case pyobj.Int:
		return &tensor.Tensor{DType: tensor.Int64, Shape: []int{}, I64: []int64{int64(x)}}, nil
	case pyobj.Bool:
		t := tensor.FromBool([]bool{bool(x)})
		t.Shape = []int{}
		return t, nil
	case pyobj.Str, pyobj.Py2Str:
		s, _ := pyobj.Text(v)
		return &tensor.Tensor{DType: tensor.String, Shape: []int{}, Str: []string{s}}, nil
	case *pyobj.List, *pyobj.Tuple:
		items, _ := Sequence(v)
		if *left -= len(items); *left < 0 || dims == 0 {
			return nil, fmt.Errorf("lists nested too deep or too long, wanted an array")
		}
		return fromItems(items, dims-1, left)
	}
	return nil, fmt.Errorf("%s, wanted an array", Describe(v))
}

func fromItems(items []pyobj.Value, dims int, left *int) (*tensor.Tensor, error) {
	if len(items) == 0 {
		return tensor.New(tensor.Float64, 0), nil
	}
	parts := make([]*tensor.Tensor, len(items))
	dt := tensor.Invalid
	for i, it := range items {
		t, err := nested(it, dims, left)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			dt = t.DType
		} else {
			dt = tensor.Promote(dt, t.DType)
			if !slices.Equal(t.Shape, parts[0].Shape) {
				return nil, fmt.Errorf("a ragged list, wanted an array")
			}
		}
		parts[i] = t
	}
	out := tensor.New(dt, append([]int{len(parts)}, parts[0].Shape...)...)
	n := parts[0].Len()
	for i, p := range parts {
		for j := 0; j < n; j++ {
			at := i*n + j
			switch dt.Storage() {
			case tensor.F64:
				out.F64[at], _ = p.Float(j)
			case tensor.F32:
				f, _ := p.Float(j)
				out.F32[at] = float32(f)
			case tensor.I64, tensor.U8:
				c := p.Cell(j)
				if dt.Storage() == tensor.U8 {
					out.U8[at] = uint8(c.I)
				} else {
					out.I64[at] = c.I
				}
			case tensor.Str:
				out.Str[at] = p.Cell(j).String()
			case tensor.Cells:
				out.Cells[at] = p.Cell(j)
			}
		}
	}
	return out, nil
}

// AnyMatrix converts a dense array or a scipy sparse matrix.
func AnyMatrix(v pyobj.Value) (Matrix, error) {
	if o, ok := v.(*pyobj.Object); ok && strings.HasPrefix(o.ClassName(), "pandas.") {
		if t := pandasNumbers(o); t != nil {
			return Matrix{Dense: t}, nil
		}
		return Matrix{}, fmt.Errorf("a pandas %s, wanted an array or a sparse matrix", pyobj.ShortName(o.ClassName()))
	}
	if _, ok := v.(*pyobj.Object); ok {
		s, err := numpy.Sparse(v)
		return Matrix{Sparse: s}, err
	}
	t, err := Tensor(v)
	return Matrix{Dense: t}, err
}

// scalar returns the only element of a scalar-like value as a Cell.
func scalar(v pyobj.Value) (tensor.Cell, bool) {
	switch x := v.(type) {
	case *pyobj.List, *pyobj.Tuple:
		return tensor.Cell{}, false
	case pyobj.Int:
		return tensor.IntCell(int64(x)), true
	case pyobj.Float:
		return tensor.FloatCell(float64(x)), true
	case pyobj.Bool:
		return tensor.BoolCell(bool(x)), true
	}
	t, err := Tensor(v)
	if err != nil || t.Len() != 1 {
		return tensor.Cell{}, false
	}
	return t.Cell(0), true
}

// Int reads an integer: Python's, numpy's, or a float without a fraction.
func Int(v pyobj.Value) (int, error) {
	if c, ok := scalar(v); ok {
		switch {
		case c.Kind == tensor.CellInt || c.Kind == tensor.CellBool:
			return int(c.I), nil
		case c.Kind == tensor.CellFloat && c.F == math.Trunc(c.F) && math.Abs(c.F) < 1<<53:
			return int(c.F), nil
		}
	}
	return 0, fmt.Errorf("%s, wanted an integer", Describe(v))
}

// Float reads a number.
func Float(v pyobj.Value) (float64, error) {
	if b, ok := v.(*pyobj.BigInt); ok {
		f, _ := b.V.Float64()
		return f, nil
	}
	if c, ok := scalar(v); ok {
		if f, ok := c.Float(); ok {
			return f, nil
		}
	}
	return 0, fmt.Errorf("%s, wanted a number", Describe(v))
}

// Bool reads a truth value: bool, or 0 and 1.
func Bool(v pyobj.Value) (bool, error) {
	if c, ok := scalar(v); ok {
		if f, ok := c.Float(); ok && (f == 0 || f == 1) {
			return f == 1, nil
		}
	}
	return false, fmt.Errorf("%s, wanted a bool", Describe(v))
}

// Text reads a str, also one in a numpy scalar.
func Text(v pyobj.Value) (string, bool) {
	if s, ok := pyobj.Text(v); ok {
		return s, true
	}
	if _, ok := v.(*pyobj.Scalar); ok {
		if c, ok := scalar(v); ok && c.Kind == tensor.CellStr {
			return c.S, true
		}
	}
	return "", false
}

// Strings reads a sequence of text.
func Strings(v pyobj.Value) ([]string, error) {
	items, err := Sequence(v)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(items))
	for i, it := range items {
		s, ok := Text(it)
		if !ok {
			return nil, fmt.Errorf("item %d is %s, wanted text", i, Describe(it))
		}
		out[i] = s
	}
	return out, nil
}

// Sequence returns the items of a list, tuple, set or array; an array of more dimensions is flattened in C order when
// it holds objects, and split along its first axis when it holds numbers.
func Sequence(v pyobj.Value) ([]pyobj.Value, error) {
	switch x := v.(type) {
	case *pyobj.List:
		return x.Items, nil
	case *pyobj.Tuple:
		return x.Items, nil
	case *pyobj.Set:
		return x.Items, nil
	case *pyobj.Array:
		return numpy.Items(x)
	case *pyobj.Object:
		if data := pandasIndex(x); data != nil {
			return Sequence(data)
		}
	}
	return nil, fmt.Errorf("%s, wanted a sequence", Describe(v))
}

// pandasNumbers gives a pandas.DataFrame of numbers as the matrix scikit-learn makes of it, nil for others.
func pandasNumbers(o *pyobj.Object) *tensor.Tensor {
	if pyobj.ShortName(o.ClassName()) != "DataFrame" {
		return nil
	}
	blocks := pandasBlocks(o)
	type part struct {
		t  *tensor.Tensor
		at []int
	}
	var parts []part
	width, dt := 0, tensor.Invalid
	for _, b := range blocks {
		t, err := Tensor(b[0])
		if err != nil || len(t.Shape) != 2 || t.Len() == 0 || !t.DType.IsNumeric() || t.DType == tensor.Bool || len(parts) > 0 && t.Shape[1] != parts[0].t.Shape[1] {
			return nil
		}
		at := places(b[1], t.Shape[0])
		if at == nil {
			return nil
		}
		if parts = append(parts, part{t, at}); dt == tensor.Invalid {
			dt = t.DType
		}
		width, dt = width+t.Shape[0], tensor.Promote(dt, t.DType)
	}
	if len(parts) == 0 {
		return nil
	}
	if dt != tensor.Float32 {
		dt = tensor.Float64
	}
	n := parts[0].t.Shape[1]
	out := tensor.New(dt, n, width)
	seen := make([]bool, width)
	for _, p := range parts {
		for k, j := range p.at {
			if j < 0 || j >= width || seen[j] {
				return nil
			}
			seen[j] = true
			for i := range n {
				f, _ := p.t.Float(k*n + i)
				if dt == tensor.Float32 {
					out.F32[i*width+j] = float32(f)
				} else {
					out.F64[i*width+j] = f
				}
			}
		}
	}
	return out
}

// pandasBlocks are the values and the places of the blocks of a frame, which hold the columns of one type as rows: the arguments of
// _unpickle_block since pandas 1.3, before that in the last part of the manager's state (under _data before 1.1).
func pandasBlocks(frame *pyobj.Object) [][2]pyobj.Value {
	a, ok := frame.Attrs()
	if !ok {
		return nil
	}
	mgr, ok := a.Get("_mgr").(*pyobj.Object)
	if !ok {
		if mgr, ok = a.Get("_data").(*pyobj.Object); !ok {
			return nil
		}
	}
	var out [][2]pyobj.Value
	if state, ok := mgr.State.(*pyobj.Tuple); ok && len(state.Items) == 4 {
		forms, _ := state.Items[3].(*pyobj.Dict)
		if forms == nil {
			return nil
		}
		form, _ := forms.Get("0.14.1").(*pyobj.Dict)
		if form == nil {
			return nil
		}
		list, _ := form.Get("blocks").(*pyobj.List)
		if list == nil {
			return nil
		}
		for _, b := range list.Items {
			block, ok := b.(*pyobj.Dict)
			if !ok {
				return nil
			}
			out = append(out, [2]pyobj.Value{block.Get("values"), block.Get("mgr_locs")})
		}
		return out
	}
	if len(mgr.Args) < 1 {
		return nil
	}
	list, ok := mgr.Args[0].(*pyobj.Tuple)
	if !ok {
		return nil
	}
	for _, b := range list.Items {
		block, ok := b.(*pyobj.Object)
		if !ok || len(block.Args) < 2 {
			return nil
		}
		out = append(out, [2]pyobj.Value{block.Args[0], block.Args[1]})
	}
	return out
}

// places are the n columns of a block, given as a slice or as an array; nil where they are something else.
func places(v pyobj.Value, n int) []int {
	out := make([]int, n)
	if o, ok := v.(*pyobj.Object); ok && (o.ClassName() == "builtins.slice" || o.ClassName() == "__builtin__.slice") && len(o.Args) == 3 {
		start, err1 := Int(o.Args[0])
		stop, err2 := Int(o.Args[1])
		step, err3 := Int(o.Args[2])
		if err1 != nil || err2 != nil || err3 != nil || step < 1 || (stop-start+step-1)/step != n {
			return nil
		}
		for k := range out {
			out[k] = start + k*step
		}
		return out
	}
	t, err := Tensor(v)
	if err != nil || !t.DType.IsInt() || t.Len() != n {
		return nil
	}
	for k := range out {
		out[k] = int(t.I64[k])
	}
	return out
}

// pandasIndex gives the data of a pandas.Index (pandas.core.indexes.base._new_Index(cls, {"data": …})), nil for others.
func pandasIndex(o *pyobj.Object) pyobj.Value {
	if o.Make != pyobj.Reduce || len(o.Args) != 2 || pyobj.ShortName(o.ClassName()) != "_new_Index" {
		return nil
	}
	d, ok := o.Args[1].(*pyobj.Dict)
	if !ok {
		return nil
	}
	if data, ok := d.Get("data").(*pyobj.Object); ok {
		return pandasStrings(data)
	}
	if list := pandasRange(d); list != nil {
		return list
	}
	return d.Get("data")
}

// pandasRange lists a RangeIndex of columns, nil for others.
func pandasRange(d *pyobj.Dict) pyobj.Value {
	from, err1 := Int(d.Get("start"))
	to, err2 := Int(d.Get("stop"))
	step, err3 := Int(d.Get("step"))
	if err1 != nil || err2 != nil || err3 != nil || from != 0 || step != 1 || to < 0 || to > 1<<20 {
		return nil
	}
	list := &pyobj.List{}
	for i := range to {
		list.Items = append(list.Items, pyobj.Int(i))
	}
	return list
}

// pandasStrings gives the array inside a pandas StringArray (NDArrayBacked: state (dtype, array)), nil for others.
func pandasStrings(o *pyobj.Object) pyobj.Value {
	if pyobj.ShortName(o.ClassName()) == "ArrowStringArray" {
		if list := arrowStrings(o); list != nil {
			return list
		}
		return nil
	}
	t, ok := o.State.(*pyobj.Tuple)
	if !ok || !strings.HasSuffix(o.ClassName(), "__pyx_unpickle_NDArrayBacked") {
		return nil
	}
	for _, it := range t.Items {
		if a, ok := it.(*pyobj.Array); ok {
			return a
		}
	}
	return nil
}

// arrowStrings lists the texts of a pandas ArrowStringArray: pyarrow arrays restored from (type, length, nulls, offset,
// buffers, …), of which the buffers are validity, the ends of the texts and their bytes. nil for missing values and other types.
func arrowStrings(o *pyobj.Object) *pyobj.List {
	attrs, ok := o.Attrs()
	if !ok || attrs == nil {
		return nil
	}
	made, ok := attrs.Get("_pa_array").(*pyobj.Object)
	if !ok {
		return nil
	}
	parts := []pyobj.Value{made}
	if pyobj.ShortName(made.ClassName()) == "chunked_array" && len(made.Args) > 0 {
		var err error
		if parts, err = Sequence(made.Args[0]); err != nil {
			return nil
		}
	}
	out := &pyobj.List{}
	for _, p := range parts {
		a, ok := p.(*pyobj.Object)
		if !ok || pyobj.ShortName(a.ClassName()) != "_restore_array" || len(a.Args) != 1 {
			return nil
		}
		f, err := Sequence(a.Args[0])
		if err != nil || len(f) < 5 {
			return nil
		}
		kind, ok := f[0].(*pyobj.Object)
		if !ok || len(kind.Args) != 1 {
			return nil
		}
		wide := 0
		switch name, _ := pyobj.Text(kind.Args[0]); name {
		case "large_string":
			wide = 8
		case "string":
			wide = 4
		}
		n, err1 := Int(f[1])
		nulls, err2 := Int(f[2])
		at, err3 := Int(f[3])
		buffers, err4 := Sequence(f[4])
		if wide == 0 || errors.Join(err1, err2, err3, err4) != nil || nulls != 0 || n < 0 || at < 0 || len(buffers) != 3 {
			return nil
		}
		ends, text := arrowBuffer(buffers[1]), arrowBuffer(buffers[2])
		if n > len(ends)/wide-1 || at > len(ends)/wide-1-n {
			return nil
		}
		end := func(i int) uint64 {
			if wide == 8 {
				return binary.LittleEndian.Uint64(ends[8*(at+i):])
			}
			return uint64(binary.LittleEndian.Uint32(ends[4*(at+i):]))
		}
		for i := range n {
			lo, hi := end(i), end(i+1)
			if lo > hi || hi > uint64(len(text)) {
				return nil
			}
			out.Items = append(out.Items, pyobj.Str(text[lo:hi]))
		}
	}
	return out
}

// arrowBuffer gives the bytes of pyarrow.py_buffer(bytes or bytearray).
func arrowBuffer(v pyobj.Value) []byte {
	for range 3 {
		switch x := v.(type) {
		case pyobj.Bytes:
			return x
		case *pyobj.ByteArray:
			return x.B
		case *pyobj.Object:
			if len(x.Args) == 1 {
				v = x.Args[0]
			}
		}
	}
	return nil
}
