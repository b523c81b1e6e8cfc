package audit

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/larder-ml/larder/pyobj"
)

// form checks the arguments of a call that honest files make; it gives the reason against it, "" if there is none.
type form func(j *judge, c *pyobj.Call) string

// forms are the callables of pickle's reduce protocol that need their arguments looked at.
func forms() map[string]form {
	m := map[string]form{
		"_codecs.encode":                  encodeForm,
		"copy_reg._reconstructor":         reconstructorForm,
		"copyreg._reconstructor":          reconstructorForm,
		"copy_reg.__newobj__":             newobjForm,
		"copyreg.__newobj__":              newobjForm,
		"functools.partial":               partialForm,
		"builtins.getattr":                getattrForm,
		"__builtin__.getattr":             getattrForm,
		"builtins.type":                   noneTypeForm,
		"re._compile":                     plainForm,
		"numpy.dtype":                     dtypeForm,
		"numpy.ma.core._mareconstruct":    maskedForm,
		"numpy.random.__RandomState_ctor": noneForm,
		"numpy.random.bit_generator.__pyx_unpickle_SeedSequence": unpickleForm,
		"scipy._lib._ccallback.LowLevelCallable":                 never,
		"sklearn.tree._tree.Tree":                                treeForm,
		"numpy.core._internal._convert_to_stringdtype_kwargs":    never,
	}
	for _, mod := range []string{"numpy.core", "numpy._core"} {
		m[mod+".multiarray._reconstruct"] = reconstructForm
		m[mod+".multiarray.scalar"] = scalarForm
		m[mod+".numeric._frombuffer"] = frombufferForm
		m[mod+"._ufunc_reconstruct"] = ufuncForm
		m[mod+"._DType_reconstruct"] = dtypeClassForm
	}
	m["numpy.random._pickle.__randomstate_ctor"] = randomForm
	m["numpy.random._pickle.__bit_generator_ctor"] = randomForm
	m["numpy.random._pickle.__generator_ctor"] = randomForm
	for _, t := range []string{"set", "frozenset", "list", "tuple", "dict", "bytearray", "bytes", "slice", "range", "xrange", "complex", "object",
		"int", "long", "float", "str", "unicode", "bool"} {
		m["builtins."+t] = plainForm
		m["__builtin__."+t] = plainForm
	}
	m["collections.OrderedDict"] = plainForm
	m["collections.Counter"] = plainForm
	m["collections.deque"] = plainForm
	m["collections.defaultdict"] = factoryForm
	for _, t := range []string{"date", "datetime", "time", "timedelta", "timezone"} {
		m["datetime."+t] = plainForm
	}
	m["decimal.Decimal"] = plainForm
	for _, mod := range []string{"sklearn.neighbors._kd_tree", "sklearn.neighbors.kd_tree", "sklearn.neighbors._ball_tree", "sklearn.neighbors.ball_tree",
		"sklearn.metrics._dist_metrics", "sklearn.neighbors._dist_metrics", "sklearn.neighbors.dist_metrics"} {
		m[mod+".newObj"] = newObjForm
	}
	// pandas' and pyarrow's rebuilders take classes of their own and data.
	for _, n := range strings.Fields("pandas.core.indexes.base._new_Index pandas.indexes.base._new_Index pandas._libs.internals._unpickle_block " +
		"pandas._libs.tslibs.timestamps._unpickle_timestamp pandas._libs.arrays.__pyx_unpickle_NDArrayBacked " +
		"pandas._libs.missing._get_na pandas.core.indexes.multi.MultiIndex pandas.core.dtypes.dtypes.CategoricalDtype " +
		"pandas.core.arrays.string_.StringDtype pandas.StringDtype pandas.CategoricalDtype " +
		"pyarrow.lib.type_for_alias pyarrow.lib.py_buffer pyarrow.lib._restore_array pyarrow.lib.chunked_array") {
		m[n] = plainForm
	}
	// A named tuple, which skops makes by a call.
	m["sklearn.impute._iterative._ImputerTriplet"] = func(j *judge, c *pyobj.Call) string { return j.plainArgs(c.Args) }
	for _, mod := range []string{"sklearn._loss._loss", "_loss"} {
		for _, c := range strings.Fields("CyHalfBinomialLoss CyHalfMultinomialLoss CyHalfSquaredError CyHalfPoissonLoss CyHalfGammaLoss CyHalfTweedieLoss " +
			"CyHalfTweedieLossIdentity CyAbsoluteError CyPinballLoss CyHuberLoss CyExponentialLoss") {
			m[mod+"."+c] = numbersForm
			m[mod+".__pyx_unpickle_"+c] = unpickleForm
		}
	}
	return m
}

// checkUse gives the reason why a listed name may not be used as a call uses it.
func (j *judge) checkUse(g *pyobj.Global, c *pyobj.Call, alloc bool) string {
	u := allowed()[*g]
	if alloc {
		if u&(asClass|asCall) == 0 {
			return "is no class that may be allocated"
		}
		return j.plainArgs(c.Args)
	}
	if f := j.forms[g.String()]; f != nil {
		return f(j, c)
	}
	if u&asCall != 0 {
		return numbersForm(j, c)
	}
	if u&asClass != 0 && (c.Op == "INST" || c.Op == "OBJ") && len(c.Args) == 0 {
		return "" // how Python 2 allocates old-style instances
	}
	return "may stand as a value or be allocated, not called"
}

// name gives a Global argument's standing name.
func global(v pyobj.Value) (string, bool) {
	g, ok := v.(*pyobj.Global)
	if !ok {
		return "", false
	}
	return g.String(), true
}

func (j *judge) class(v pyobj.Value) bool {
	g, ok := v.(*pyobj.Global)
	if !ok {
		return false
	}
	return allowed()[*g]&(asClass|asCall) != 0 || j.standing(g) == trustedClass
}

// plainArgs wants data: no names beyond listed ones. What names there are was judged when they were imported.
func (j *judge) plainArgs(args []pyobj.Value) string {
	for i, a := range args {
		if g, ok := a.(*pyobj.Global); ok {
			if s := j.standing(g); s == forbidden || s == dotted {
				return fmt.Sprintf("argument %d is %s", i, g)
			}
		}
	}
	return ""
}

func never(*judge, *pyobj.Call) string { return "is never called by an honest file" }

func plainForm(j *judge, c *pyobj.Call) string { return j.plainArgs(c.Args) }

func noneForm(_ *judge, c *pyobj.Call) string {
	if len(c.Args) != 0 {
		return "takes no arguments"
	}
	return ""
}

// numbersForm wants numbers, text, None and nothing else.
func numbersForm(_ *judge, c *pyobj.Call) string {
	for i, a := range c.Args {
		switch a.(type) {
		case pyobj.Int, pyobj.Float, pyobj.Bool, pyobj.None, pyobj.Str, *pyobj.Scalar, *pyobj.Object:
		default:
			return fmt.Sprintf("argument %d is %s", i, describe(a))
		}
	}
	return ""
}

func text(v pyobj.Value) string {
	s, _ := pyobj.Text(v)
	return s
}

func encodeForm(_ *judge, c *pyobj.Call) string {
	if len(c.Args) == 2 {
		if _, ok := pyobj.Text(c.Args[0]); ok && (text(c.Args[1]) == "latin1" || text(c.Args[1]) == "latin-1") {
			return ""
		}
	}
	return "wants a text and 'latin1'"
}

func reconstructorForm(j *judge, c *pyobj.Call) string {
	if len(c.Args) != 3 {
		return "wants a class, its base and the base's state"
	}
	g, ok := c.Args[0].(*pyobj.Global)
	if !ok {
		return "the class is " + describe(c.Args[0])
	}
	if !j.class(g) && j.standing(g) != unknownClass {
		return "the class is " + g.String()
	}
	switch b, _ := global(c.Args[1]); b {
	case "builtins.object", "__builtin__.object", "builtins.dict", "__builtin__.dict", "builtins.list", "__builtin__.list",
		"builtins.set", "__builtin__.set", "builtins.str", "__builtin__.str", "builtins.float", "__builtin__.float", "builtins.int", "__builtin__.int",
		"builtins.tuple", "__builtin__.tuple":
		return ""
	}
	return "the base is " + describe(c.Args[1])
}

func newobjForm(j *judge, c *pyobj.Call) string {
	if len(c.Args) == 0 || !j.class(c.Args[0]) {
		return "wants a known class"
	}
	return j.plainArgs(c.Args[1:])
}

func partialForm(j *judge, c *pyobj.Call) string {
	if len(c.Args) == 0 {
		return "wants a function"
	}
	g, ok := c.Args[0].(*pyobj.Global)
	if !ok || (allowed()[*g]&asValue == 0 && j.standing(g) != unknownClass) {
		return "the function is " + describe(c.Args[0])
	}
	return ""
}

// getattrForm allows bound methods: getattr(object of a known class, "name").
func getattrForm(_ *judge, c *pyobj.Call) string {
	if len(c.Args) == 2 {
		o, ok := c.Args[0].(*pyobj.Object)
		name, ok2 := pyobj.Text(c.Args[1])
		if ok && ok2 && strings.HasPrefix(o.ClassName(), "sklearn.") && !strings.HasPrefix(name, "_") {
			return ""
		}
	}
	return "is allowed for bound methods of scikit-learn objects only"
}

func noneTypeForm(_ *judge, c *pyobj.Call) string {
	if len(c.Args) == 1 {
		switch c.Args[0].(type) {
		case pyobj.None:
			return ""
		case *pyobj.Global:
			if g, _ := global(c.Args[0]); g == "builtins.Ellipsis" || g == "builtins.NotImplemented" {
				return ""
			}
		}
	}
	return "is allowed for None only"
}

func dtypeForm(_ *judge, c *pyobj.Call) string {
	if len(c.Args) == 0 {
		return "wants a type"
	}
	switch a := c.Args[0].(type) {
	case pyobj.Str, pyobj.Py2Str:
		if s := text(a); len(s) > 64 || strings.ContainsAny(s, "(){}=,") {
			return fmt.Sprintf("type string %.64q", s)
		}
	case *pyobj.Global:
		if allowed()[*a]&asClass == 0 {
			return "the type is " + a.String()
		}
	default:
		return "the type is " + describe(a)
	}
	for _, a := range c.Args[1:] {
		switch a.(type) {
		case pyobj.Bool, pyobj.Int:
		default:
			return "the flags are " + describe(a)
		}
	}
	return ""
}

func arrayClass(v pyobj.Value) bool {
	switch n, _ := global(v); n {
	case "numpy.ndarray", "numpy.matrix", "numpy.recarray", "numpy.memmap", "numpy.rec.recarray", "numpy.core.records.recarray",
		"numpy.matrixlib.defmatrix.matrix", "numpy.core.memmap.memmap", "numpy.char.chararray", "numpy.core.defchararray.chararray",
		"numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray":
		return true
	}
	return false
}

func reconstructForm(_ *judge, c *pyobj.Call) string {
	if len(c.Args) != 3 || !arrayClass(c.Args[0]) {
		if len(c.Args) > 0 {
			return "the class is " + describe(c.Args[0])
		}
		return "wants an array class, a shape and a type"
	}
	if _, ok := c.Args[1].(*pyobj.Tuple); !ok {
		return "the shape is " + describe(c.Args[1])
	}
	return ""
}

func maskedForm(_ *judge, c *pyobj.Call) string {
	if len(c.Args) != 4 || !arrayClass(c.Args[0]) || !arrayClass(c.Args[1]) {
		return "wants two array classes, a shape and a type"
	}
	return ""
}

func isDType(v pyobj.Value) bool {
	switch x := v.(type) {
	case *pyobj.DType:
		return true
	case *pyobj.Object:
		return x.ClassName() == "numpy.dtype"
	}
	return false
}

func scalarForm(_ *judge, c *pyobj.Call) string {
	if len(c.Args) == 0 || len(c.Args) > 2 || !isDType(c.Args[0]) {
		return "wants a dtype and bytes"
	}
	if len(c.Args) == 2 {
		switch x := c.Args[1].(type) {
		case pyobj.Bytes, pyobj.Str, pyobj.Py2Str, pyobj.None, pyobj.Int, pyobj.Float, pyobj.Bool:
		case *pyobj.Object:
			if n := x.ClassName(); n != "_codecs.encode" && !strings.HasSuffix(n, ".bytes") && !strings.HasPrefix(n, "datetime.") {
				return "the value is " + describe(x)
			}
		default:
			return "the value is " + describe(x)
		}
	}
	return ""
}

func frombufferForm(_ *judge, c *pyobj.Call) string {
	if len(c.Args) < 4 || len(c.Args) > 5 || !isDType(c.Args[1]) {
		return "wants bytes, a dtype, a shape and an order"
	}
	switch c.Args[0].(type) {
	case pyobj.Bytes, *pyobj.ByteArray, *pyobj.Object:
		return ""
	}
	return "the buffer is " + describe(c.Args[0])
}

func ufuncForm(_ *judge, c *pyobj.Call) string {
	if len(c.Args) == 2 && allowed()[pyobj.Global{Module: text(c.Args[0]), Name: text(c.Args[1])}]&asValue != 0 {
		return ""
	}
	if len(c.Args) == 2 {
		return fmt.Sprintf("%s.%s is no known ufunc", text(c.Args[0]), text(c.Args[1]))
	}
	return "wants a module and a name"
}

func dtypeClassForm(j *judge, c *pyobj.Call) string {
	if len(c.Args) == 1 && j.class(c.Args[0]) {
		return ""
	}
	return "wants a numpy scalar type"
}

// randomForm checks the constructors of numpy's generators: names and classes of bit generators, and each other.
func randomForm(_ *judge, c *pyobj.Call) string {
	for i, a := range c.Args {
		switch x := a.(type) {
		case pyobj.Str, pyobj.Py2Str:
			switch text(x) {
			case "MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64":
			default:
				return fmt.Sprintf("bit generator %.40q", text(x))
			}
		case *pyobj.Global:
			n := x.String()
			if n != "numpy.random._pickle.__bit_generator_ctor" && (!strings.HasPrefix(n, "numpy.random.") || allowed()[*x]&asClass == 0) {
				return fmt.Sprintf("argument %d is %s", i, n)
			}
		case *pyobj.Object:
			if n := x.ClassName(); !strings.HasPrefix(n, "numpy.random.") {
				return fmt.Sprintf("argument %d is %s", i, describe(x))
			}
		default:
			return fmt.Sprintf("argument %d is %s", i, describe(a))
		}
	}
	return ""
}

// factoryForm allows defaultdict over plain types.
func factoryForm(j *judge, c *pyobj.Call) string {
	if len(c.Args) == 0 {
		return ""
	}
	switch x := c.Args[0].(type) {
	case pyobj.None:
		return j.plainArgs(c.Args[1:])
	case *pyobj.Global:
		if (x.Module == "builtins" || x.Module == "__builtin__") && allowed()[*x]&asClass != 0 || x.String() == "collections.OrderedDict" {
			return j.plainArgs(c.Args[1:])
		}
	}
	return "the factory is " + describe(c.Args[0])
}

// newObjForm allows Cython's allocator for the neighbour trees and metrics of its own module.
func newObjForm(j *judge, c *pyobj.Call) string {
	if len(c.Args) == 1 {
		if g, ok := c.Args[0].(*pyobj.Global); ok && allowed()[*g]&asClass != 0 && strings.HasPrefix(g.Module, "sklearn.") {
			return ""
		}
		return "the class is " + describe(c.Args[0])
	}
	return "wants a class"
}

// unpickleForm checks Cython's (class, checksum, state).
func unpickleForm(j *judge, c *pyobj.Call) string {
	if len(c.Args) != 3 || !j.class(c.Args[0]) {
		return "wants a known class, a checksum and a state"
	}
	if _, ok := c.Args[1].(pyobj.Int); !ok {
		return "the checksum is " + describe(c.Args[1])
	}
	switch c.Args[2].(type) {
	case pyobj.None, *pyobj.Tuple:
		return ""
	}
	return "the state is " + describe(c.Args[2])
}

func treeForm(j *judge, c *pyobj.Call) string {
	if len(c.Args) != 3 {
		return "wants sizes of features, classes and outputs"
	}
	return j.plainArgs(c.Args)
}

// methods are what scikit-learn calls on an object: an attribute of that name in its state would replace it.
var methods = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`fit fit_transform fit_predict partial_fit predict predict_proba predict_log_proba decision_function transform
inverse_transform score score_samples apply decision_path kneighbors radius_neighbors kneighbors_graph get_params set_params get_feature_names_out
set_output get_metadata_routing build_analyzer build_tokenizer build_preprocessor decode staged_predict staged_predict_proba
staged_decision_function mahalanobis densify sparsify get_support get_covariance get_precision`) {
		m[n] = true
	}
	return m
}()

// checkState gives the reason why a state may not be set.
func checkState(o *pyobj.Object, state pyobj.Value) string {
	class := o.ClassName()
	check := func(d *pyobj.Dict) string {
		for _, e := range d.Entries {
			name, ok := pyobj.Text(e.Key)
			if !ok {
				continue
			}
			if strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") {
				return "attribute " + name
			}
			if methods[name] && strings.HasPrefix(class, "sklearn.") && !strings.HasPrefix(pyobj.ShortName(class), "_") && !strings.Contains(class, "_metadata_requests") {
				return "attribute " + name + " replaces a method"
			}
		}
		return ""
	}
	switch s := state.(type) {
	case *pyobj.Dict:
		return check(s)
	case *pyobj.Tuple:
		if class == "numpy.dtype" {
			return dtypeState(s)
		}
		if class == "functools.partial" && len(s.Items) > 0 {
			if g, ok := s.Items[0].(*pyobj.Global); !ok || allowed()[*g]&asValue == 0 {
				return "the function is " + describe(s.Items[0])
			}
		}
		for _, it := range s.Items {
			if d, ok := it.(*pyobj.Dict); ok {
				if why := check(d); why != "" {
					return why
				}
			}
		}
	}
	if strings.HasSuffix(class, "numpy_pickle.NumpyArrayWrapper") || strings.HasSuffix(class, "ArrayWrapper") {
		if d, ok := state.(*pyobj.Dict); ok {
			if v := d.Get("subclass"); v != nil && !arrayClass(v) {
				return "subclass " + describe(v)
			}
		}
	}
	return ""
}

// dtypeState refuses metadata that could carry objects.
func dtypeState(t *pyobj.Tuple) string {
	if len(t.Items) < 9 {
		return ""
	}
	meta := t.Items[8]
	if p, ok := meta.(*pyobj.Tuple); ok && len(p.Items) > 0 {
		meta = p.Items[0]
	}
	switch m := meta.(type) {
	case pyobj.None:
		return ""
	case *pyobj.Dict:
		if m.Len() == 0 {
			return ""
		}
	}
	return "dtype carries metadata"
}

// hidden tells data that begins like a pickle, also in base64.
func hidden(v pyobj.Value) string {
	var b []byte
	switch x := v.(type) {
	case pyobj.Bytes:
		b = x
	case *pyobj.ByteArray:
		b = x.B
	case pyobj.Str:
		b = []byte(prefix(string(x), 64))
	case pyobj.Py2Str:
		b = []byte(prefix(string(x), 64))
	default:
		return ""
	}
	if looksPickled(b) {
		return "bytes that begin like a pickle"
	}
	if len(b) >= 12 {
		head := b[:min(len(b), 64)/4*4]
		if d, err := base64.StdEncoding.DecodeString(string(head)); err == nil && looksPickled(d) {
			return "text that begins like a pickle in base64"
		}
	}
	return ""
}

func prefix(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

func looksPickled(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	if b[0] == 0x80 && b[1] >= 2 && b[1] <= 5 && strings.IndexByte("\x95c]}(q\x8cX)K\x58", b[2]) >= 0 {
		return true
	}
	return b[0] == 'c' && bytes.Count(b[:min(len(b), 60)], []byte("\n")) >= 2 && bytes.Contains(b, []byte("\n("))
}
