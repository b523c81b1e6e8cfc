package audit

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/larder-ml/larder/pyobj"
)

// form checks the arguments of a call that honest files make; it gives the reason against it, "" if there is none.
type form func(j *judge, args []pyobj.Value) string

// forms are the callables of pickle's reduce protocol, each with the arguments honest files give it. A name that is
// here and not in allow.txt may only be called, never stand as a value.
func forms() map[pyobj.Global]form {
	formsOnce.Do(func() {
		named := namedForms()
		formTable = make(map[pyobj.Global]form, len(named))
		for n, f := range named {
			i := strings.LastIndexByte(n, '.')
			formTable[pyobj.Global{Module: n[:i], Name: n[i+1:]}] = f
		}
	})
	return formTable
}

// They are no sync.OnceValue, since forms look up one another.
var (
	formsOnce sync.Once
	formTable map[pyobj.Global]form
)

func namedForms() map[string]form {
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
		"__builtin__.type":                noneTypeForm,
		"re._compile":                     shape("text [int]"),
		"re.RegexFlag":                    shape("int"),
		"operator.itemgetter":             itemsForm,
		"_operator.itemgetter":            itemsForm,
		"operator.attrgetter":             attributesForm,
		"_operator.attrgetter":            attributesForm,
		"operator.methodcaller":           methodForm,
		"_operator.methodcaller":          methodForm,
		"numpy.dtype":                     dtypeForm,
		"numpy.ma.core._mareconstruct":    maskedForm,
		"numpy.random.__RandomState_ctor": shape(""),
		"sklearn.tree._tree.Tree":         treeForm,
		"collections.OrderedDict":         shape("[pairs|dict]"),
		"collections.Counter":             shape("[dict]"),
		"collections.deque":               shape("[list|tuple] [int|none]"),
		"collections.defaultdict":         factoryForm,
		"datetime.date":                   shape("bytes|text|int [int] [int]"),
		"datetime.datetime":               shape("bytes|text|int [any] [int] [int] [int] [int] [int] [any]"),
		"datetime.time":                   shape("bytes|text|int [any] [int] [int] [any]"),
		"datetime.timedelta":              shape("[number] [number] [number]"),
		"datetime.timezone":               shape("object [text]"),
		"decimal.Decimal":                 shape("text"),
		zoneInfo:                          zoneKeyForm,
		// joblib's cache in no folder; one in a folder would be made on loading.
		"sklearn.externals.joblib.memory.Memory":                 shape("none none number number"),
		"joblib.memory.Memory":                                   shape("none none number number"),
		"numpy.random.bit_generator.__pyx_unpickle_SeedSequence": unpickleForm("numpy.random.bit_generator.SeedSequence", "numpy.random.SeedSequence"),
		"numpy.random._pickle.__randomstate_ctor":                randomForm,
		"numpy.random._pickle.__bit_generator_ctor":              randomForm,
		"numpy.random._pickle.__generator_ctor":                  randomForm,
		// pandas' and pyarrow's rebuilders take classes of their own and data.
		"pandas._libs.internals._unpickle_block":                shape("any any int"),
		"pandas._libs.tslibs.timestamps._unpickle_timestamp":    shape("int any any [any]"),
		"pandas._libs.arrays.__pyx_unpickle_NDArrayBacked":      pandasClassForm("int", "none|tuple"),
		"pandas._libs.interval.__pyx_unpickle_IntervalMixin":    pandasClassForm("int", "none|tuple"),
		"pandas._libs.tslibs.period.__pyx_unpickle_PeriodMixin": pandasClassForm("int", "none|tuple"),
		"pandas.core.internals.managers.BlockManager":           shape("tuple|list tuple|list"),
		"pandas.core.internals.managers.SingleBlockManager":     shape("any any"),
		"pandas._libs.tslibs.timestamps.Timestamp":              shape("int any any"),
		"pandas._libs.tslibs.timedeltas.Timedelta":              shape("int"),
		"pandas._libs.tslibs.nattype.__nat_unpickle":            shape("none"),
		"pandas._libs.tslibs.nattype._nat_unpickle":             shape("none"),
		"pandas._libs.tslibs.timedeltas._timedelta_unpickle":    shape("int int"),
		"pandas.core.dtypes.dtypes.PeriodDtype":                 shape("any"),
		"pandas.PeriodDtype":                                    shape("any"),
		"pytz._UTC":                                             shape(""),
		"pytz._p":                                               zoneForm,
		"pytz.FixedOffset":                                      shape("int"),
		"pandas._libs.missing._get_na":                          shape(""),
		"pandas.core.arrays.string_.StringDtype":                shape("[text|none] [any]"),
		"pandas.StringDtype":                                    shape("[text|none] [any]"),
		"pyarrow.lib.type_for_alias":                            shape("text"),
		"pyarrow.lib.timestamp":                                 shape("text text|none"),
		"pyarrow.lib.duration":                                  shape("text"),
		"pyarrow.lib.dictionary":                                shape("object object number"),
		"pyarrow.lib.py_buffer":                                 shape("bytes"),
		"pyarrow.lib._restore_array":                            shape("tuple"),
		"pyarrow.lib.chunked_array":                             shape("list [any]"),
	}
	for _, prefix := range []string{"pandas._libs.tslib.", "pandas.tslib."} {
		m[prefix+"Timestamp"], m[prefix+"Timedelta"], m[prefix+"__nat_unpickle"] = shape("int any any"), shape("int"), shape("none")
	}
	for _, class := range []string{"pandas._libs.interval.Interval", "pandas.Interval"} {
		m[class] = shape("any any text")
	}
	for _, class := range []string{"pandas._libs.tslibs.period.Period", "pandas._libs.period.Period", "pandas._period.Period", "pandas.Period"} {
		m[class] = shape("none any int")
	}
	for _, index := range []string{"pandas._libs.sparse.", "pandas._sparse."} {
		m[index+"IntIndex"], m[index+"BlockIndex"] = shape("int any"), shape("int any any")
	}
	for _, rebuild := range []string{"pandas.core.indexes.base._new_Index", "pandas.indexes.base._new_Index", "pandas.core.indexes.datetimes._new_DatetimeIndex",
		"pandas.tseries.index._new_DatetimeIndex", "pandas.core.indexes.timedeltas._new_TimedeltaIndex", "pandas.core.indexes.period._new_PeriodIndex",
		"pandas.core.indexes.interval._new_IntervalIndex"} {
		m[rebuild] = pandasClassForm("dict")
	}
	offset := func(words, names string) {
		for _, n := range strings.Fields(names) {
			m["pandas._libs.tslibs.offsets."+n] = shape("[int] [number] " + words)
		}
	}
	offset("", "Day Hour Minute Second Milli Micro Nano MonthEnd MonthBegin BusinessMonthBegin BusinessMonthEnd Easter DateOffset")
	offset("[int|none] [int]", "Week WeekOfMonth LastWeekOfMonth QuarterBegin QuarterEnd BQuarterBegin BQuarterEnd YearBegin YearEnd BYearBegin BYearEnd SemiMonthBegin SemiMonthEnd")
	offset("[int] [int] [int|text] [text]", "FY5253 FY5253Quarter")
	offset("[object]", "BusinessDay")
	offset("[tuple|object] [tuple|object] [object]", "BusinessHour")
	offset("[text] [tuple|list] [none] [object]", "CustomBusinessDay CustomBusinessMonthBegin CustomBusinessMonthEnd")
	offset("[text] [tuple|list] [none] [tuple|object] [tuple|object] [object]", "CustomBusinessHour")
	m["pandas.DateOffset"] = shape("[int] [number]")
	for _, mod := range []string{"numpy.core", "numpy._core"} {
		m[mod+".multiarray._reconstruct"] = reconstructForm
		m[mod+".multiarray.scalar"] = scalarForm
		m[mod+".numeric._frombuffer"] = frombufferForm
		m[mod+"._ufunc_reconstruct"] = ufuncForm
		m[mod+"._DType_reconstruct"] = dtypeClassForm
	}
	for _, mod := range []string{"builtins", "__builtin__"} {
		for n, f := range map[string]string{
			"set": "[list|tuple|set]", "frozenset": "[list|tuple|set]", "list": "[list|tuple|set]", "tuple": "[list|tuple|set]",
			"dict": "[pairs|dict]", "bytearray": "[bytes|text] [latin1]", "bytes": "[bytes|list] [latin1]", "slice": "any [any] [any]",
			"range": "int [int] [int]", "xrange": "int [int] [int]", "complex": "[number] [number]", "object": "",
			"int": "[number|text]", "long": "[number|text]", "float": "[number|text]", "bool": "[number]", "str": "[text]", "unicode": "[text]",
		} {
			m[mod+"."+n] = shape(f)
		}
	}
	for _, mod := range []string{"sklearn.neighbors._kd_tree", "sklearn.neighbors.kd_tree", "sklearn.neighbors._ball_tree", "sklearn.neighbors.ball_tree",
		"sklearn.metrics._dist_metrics", "sklearn.neighbors._dist_metrics", "sklearn.neighbors.dist_metrics"} {
		m[mod+".newObj"] = newObjForm(mod)
	}
	for _, mod := range []string{"sklearn._loss._loss", "_loss"} {
		for _, c := range strings.Fields("CyHalfBinomialLoss CyHalfMultinomialLoss CyHalfSquaredError CyHalfPoissonLoss CyHalfGammaLoss CyHalfTweedieLoss " +
			"CyHalfTweedieLossIdentity CyAbsoluteError CyPinballLoss CyHuberLoss CyExponentialLoss") {
			m[mod+"."+c] = shape("[number] [number]")
			m[mod+".__pyx_unpickle_"+c] = unpickleForm(mod + "." + c)
		}
	}
	return m
}

// checkUse gives the reason why a listed name may not be used as a call uses it.
func (j *judge) checkUse(g *pyobj.Global, c *pyobj.Call, alloc bool) string {
	u := uses(*g)
	if alloc {
		switch {
		case u&asTuple != 0:
			return j.plain(c.Args)
		case u&(asClass|asCall) == 0:
			return "is no class that may be allocated"
		case len(c.Args) == 0:
			return "" // __new__ of a listed class without arguments makes an empty instance
		}
		if f := forms()[*g]; f != nil && (g.Module == "builtins" || g.Module == "__builtin__") {
			return f(j, c.Args)
		}
		return "is allocated with arguments"
	}
	if f := forms()[*g]; f != nil {
		if why := f(j, c.Args); why != "" || !strings.HasPrefix(g.Module, "pandas") {
			return why
		}
		for _, a := range c.Args {
			if why := zonePath(a); why != "" {
				return why
			}
		}
		return ""
	}
	if u&asCall != 0 {
		return shape("[number] [number] [number]")(j, c.Args)
	}
	if u&asTuple != 0 {
		return j.plain(c.Args)
	}
	if u&asClass != 0 && (c.Op == "INST" || c.Op == "OBJ") && len(c.Args) == 0 {
		return "" // how Python 2 allocates old-style instances
	}
	return "may stand as a value or be allocated, not called"
}

// shape makes a form of one word per argument: the kinds it may have, joined by "|"; brackets mark what may be absent.
// Kinds: int number text latin1 bytes none list tuple set dict pairs object any. Names never pass but as "any" where
// they may stand as values.
func shape(words string) form {
	params := strings.Fields(words)
	return func(j *judge, args []pyobj.Value) string {
		if len(args) > len(params) {
			return fmt.Sprintf("%d arguments", len(args))
		}
		for i, p := range params {
			kinds := strings.Trim(p, "[]")
			if i >= len(args) {
				if kinds == p {
					return fmt.Sprintf("argument %d is missing", i)
				}
				break
			}
			if !j.isKind(args[i], kinds) {
				return fmt.Sprintf("argument %d is %s", i, describe(args[i]))
			}
		}
		return ""
	}
}

func (j *judge) isKind(v pyobj.Value, kinds string) bool {
	for k := range strings.SplitSeq(kinds, "|") {
		ok := false
		switch x := v.(type) {
		case pyobj.Int:
			ok = k == "int" || k == "number"
		case *pyobj.BigInt, pyobj.Float, pyobj.Bool, *pyobj.Scalar:
			ok = k == "number"
		case pyobj.Str, pyobj.Py2Str:
			t := text(x)
			ok = k == "text" || k == "latin1" && (t == "latin1" || t == "latin-1" || t == "ascii" || t == "utf-8" || t == "utf8")
			if _, raw := x.(pyobj.Py2Str); raw && k == "bytes" {
				ok = true
			}
		case pyobj.Bytes, *pyobj.ByteArray:
			ok = k == "bytes"
		case pyobj.None:
			ok = k == "none"
		case *pyobj.List:
			ok = k == "list" || k == "pairs"
		case *pyobj.Tuple:
			ok = k == "tuple"
		case *pyobj.Set:
			ok = k == "set"
		case *pyobj.Dict:
			ok = k == "dict"
		case *pyobj.Object:
			ok = k == "object" || k == "bytes" && isEncoded(x) || k == "number" && isScalar(x)
		}
		if ok || k == "any" && j.value(v) {
			return true
		}
	}
	return false
}

// isEncoded reports _codecs.encode(text, 'latin1'), which is how protocols below 3 write bytes; its arguments are judged where
// it is called.
func isEncoded(o *pyobj.Object) bool {
	n := o.ClassName()
	return n == "_codecs.encode" || n == "builtins.bytes" || n == "__builtin__.bytes" || n == "builtins.bytearray" || n == "__builtin__.bytearray"
}

func isScalar(o *pyobj.Object) bool {
	n := o.ClassName()
	return n == "numpy.core.multiarray.scalar" || n == "numpy._core.multiarray.scalar"
}

// value reports whether a value that is a name may stand as one; what is no name may.
func (j *judge) value(v pyobj.Value) bool {
	g, ok := v.(*pyobj.Global)
	if !ok {
		return true
	}
	if uses(*g)&(asClass|asCall|asTuple|asValue) != 0 {
		return true
	}
	s := j.standing(g)
	return s == trustedClass || s == unknownClass
}

// plain wants values only.
func (j *judge) plain(args []pyobj.Value) string {
	for i, a := range args {
		if !j.value(a) {
			return fmt.Sprintf("argument %d is %s", i, describe(a))
		}
	}
	return ""
}

func global(v pyobj.Value) (string, bool) {
	g, ok := v.(*pyobj.Global)
	if !ok {
		return "", false
	}
	return g.String(), true
}

// class reports a class that may be allocated.
func (j *judge) class(v pyobj.Value) bool {
	g, ok := v.(*pyobj.Global)
	if !ok {
		return false
	}
	return uses(*g)&(asClass|asCall|asTuple) != 0 || j.standing(g) == trustedClass
}

func text(v pyobj.Value) string {
	s, _ := pyobj.Text(v)
	return s
}

func encodeForm(_ *judge, args []pyobj.Value) string {
	if len(args) == 2 {
		if _, ok := pyobj.Text(args[0]); ok && (text(args[1]) == "latin1" || text(args[1]) == "latin-1") {
			return ""
		}
	}
	return "wants a text and 'latin1'"
}

func reconstructorForm(j *judge, args []pyobj.Value) string {
	if len(args) != 3 {
		return "wants a class, its base and the base's state"
	}
	g, ok := args[0].(*pyobj.Global)
	if !ok {
		return "the class is " + describe(args[0])
	}
	if !j.class(g) && j.standing(g) != unknownClass {
		return "the class is " + g.String()
	}
	b, _ := global(args[1])
	b = strings.TrimPrefix(strings.TrimPrefix(b, "__builtin__."), "builtins.")
	base := map[string]string{"object": "none", "dict": "none|dict|pairs", "list": "none|list", "set": "none|list|set", "tuple": "none|tuple|list",
		"str": "text|none", "unicode": "text|none", "float": "number|none", "int": "number|none", "long": "number|none"}[b]
	if base == "" {
		return "the base is " + describe(args[1])
	}
	if !j.isKind(args[2], base) {
		return "the base's state is " + describe(args[2])
	}
	return ""
}

func newobjForm(j *judge, args []pyobj.Value) string {
	if len(args) == 0 {
		return "wants a class"
	}
	g, ok := args[0].(*pyobj.Global)
	if !ok {
		return "the class is " + describe(args[0])
	}
	if s := j.standing(g); s == unknownClass || s == trustedClass {
		return j.plain(args[1:])
	}
	return j.checkUse(g, &pyobj.Call{Op: "NEWOBJ", Func: g, Args: args[1:]}, true)
}

func partialForm(j *judge, args []pyobj.Value) string {
	if len(args) == 0 {
		return "wants a function"
	}
	if len(args) == 1 && callsMethod(args[0]) {
		return "" // its state says which
	}
	if why := j.function(args[0]); why != "" {
		return why
	}
	return j.plain(args[1:])
}

// function wants a listed function, one of unknown code, or a bound method or partial that was judged where it was made.
func (j *judge) function(v pyobj.Value) string {
	switch x := v.(type) {
	case *pyobj.Global:
		if uses(*x)&asValue != 0 || j.standing(x) == unknownClass || convertsText(x) {
			return ""
		}
	case *pyobj.Object:
		switch n := x.ClassName(); n {
		case "builtins.getattr", "__builtin__.getattr", "functools.partial", "numpy.core._ufunc_reconstruct":
			return ""
		default:
			if isOperator(n) || vectorizes(n) {
				return ""
			}
		}
	}
	return "the function is " + describe(v)
}

// convertsText reports Python's own types that make a number or text of one argument.
func convertsText(g *pyobj.Global) bool {
	if g.Module != "builtins" && g.Module != "__builtin__" {
		return false
	}
	switch g.Name {
	case "int", "float", "bool", "str", "long", "unicode":
		return true
	}
	return false
}

// getattrForm allows bound methods: getattr(object of a known class, "name"), the one of its own that a discrete distribution of
// scipy.stats holds, and the methods of text, patterns, arrays and frames that only compute.
func getattrForm(_ *judge, args []pyobj.Value) string {
	const only = "is allowed for bound methods of scikit-learn objects only"
	if len(args) != 2 {
		return only
	}
	name, isText := pyobj.Text(args[1])
	o, made := args[0].(*pyobj.Object)
	g, _ := global(args[0])
	_, word := pyobj.Text(args[0])
	switch {
	case g == zoneInfo && name == "_unpickle":
	case (g == "builtins.str" || g == "__builtin__.str" || g == "__builtin__.unicode") && textMethods()[name]: // as a tokenizer
	case word && name == "join":
	case made && o.ClassName() == "re._compile" && patternMethods()[name]:
	case g == "numpy.ndarray" && arrayMethods()[name]:
	case isDotted(args[0], name):
	case isText && made && strings.HasPrefix(o.ClassName(), "sklearn.") && !strings.HasPrefix(o.ClassName(), "sklearn.externals.") && (!strings.HasPrefix(name, "_") || name == "_raw_predict") && !strings.Contains(name, "."):
	case made && strings.HasPrefix(o.ClassName(), "scipy.stats.") && name == "_entropy":
	default:
		return only
	}
	return ""
}

// isDotted reports a method of a class that stands in the list behind a dot.
func isDotted(class pyobj.Value, method string) bool {
	g, ok := class.(*pyobj.Global)
	return ok && uses(*g)&asValue != 0 && uses(pyobj.Global{Module: g.Module, Name: g.Name + "." + method})&asValue != 0
}

// Methods that give a value from plain arguments: they run nothing of their object's choosing, look up no attribute by a name from
// the file, as str.format does, and write nothing.
var (
	textMethods = sync.OnceValue(func() map[string]bool {
		return fieldSet(`capitalize casefold count endswith find index isalnum isalpha isascii isdecimal isdigit islower isnumeric isspace istitle isupper
lower lstrip partition removeprefix removesuffix replace rfind rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title
translate upper`)
	})
	patternMethods = sync.OnceValue(func() map[string]bool { return fieldSet("findall finditer fullmatch match search split sub subn") })
	arrayMethods   = sync.OnceValue(func() map[string]bool {
		return fieldSet(`all any argmax argmin argsort astype clip conj copy cumprod cumsum flatten max mean min nonzero prod ptp ravel repeat reshape round
squeeze std sum swapaxes take tolist transpose var`)
	})
	frameMethods = sync.OnceValue(func() map[string]bool {
		return fieldSet(`abs add between bfill count cummax cummin diff div divide drop drop_duplicates dropna duplicated eq expm1 ffill fillna filter floordiv
ge get_dummies gt head infer_objects isin isna isnull le log1p lt mask maximum median minimum mod mul multiply ne notna notnull pct_change pow power
quantile radd rank rdiv rename reset_index rmul rsub select_dtypes set_axis shift sign sin sort_index sort_values sqrt sub subtract tail tan tanh to_frame
to_list to_numpy toarray tocoo tocsc tocsr todense truediv where`)
	})
	readAttributes = sync.OnceValue(func() map[string]bool {
		return fieldSet("T array columns dtype dtypes flat imag index ndim real shape size values")
	})
)

// itemsForm checks operator.itemgetter: keys of rows.
func itemsForm(_ *judge, args []pyobj.Value) string {
	if len(args) == 0 {
		return "wants a key"
	}
	for i, a := range args {
		if !plainData(a, 4) {
			return fmt.Sprintf("argument %d is %s", i, describe(a))
		}
	}
	return ""
}

// attributesForm checks operator.attrgetter: attributes of arrays and frames that are data.
func attributesForm(_ *judge, args []pyobj.Value) string {
	for _, a := range args {
		if n, ok := pyobj.Text(a); !ok || !readAttributes()[n] {
			return fmt.Sprintf("the attribute is %.60s", describeText(a))
		}
	}
	if len(args) == 0 {
		return "wants an attribute"
	}
	return ""
}

// methodForm checks operator.methodcaller: a method of text, arrays or frames that only computes, with plain arguments.
func methodForm(_ *judge, args []pyobj.Value) string {
	if len(args) == 0 {
		return "wants a method"
	}
	n, ok := pyobj.Text(args[0])
	if !ok || !textMethods()[n] && !arrayMethods()[n] && !frameMethods()[n] {
		return fmt.Sprintf("the method is %.60s", describeText(args[0]))
	}
	for i, a := range args[1:] {
		if !plainData(a, 4) {
			return fmt.Sprintf("argument %d is %s", i+1, describe(a))
		}
		if why := zonePath(a); why != "" {
			return why
		}
	}
	return ""
}

func describeText(v pyobj.Value) string {
	if n, ok := pyobj.Text(v); ok {
		return fmt.Sprintf("%q", n)
	}
	return describe(v)
}

// plainData reports numbers, text, None, slices, types of Python and numpy, and containers of these.
func plainData(v pyobj.Value, depth int) bool {
	all := func(vs []pyobj.Value) bool {
		return depth > 0 && !slices.ContainsFunc(vs, func(v pyobj.Value) bool { return !plainData(v, depth-1) })
	}
	switch x := v.(type) {
	case *pyobj.List:
		return all(x.Items)
	case *pyobj.Tuple:
		return all(x.Items)
	case *pyobj.Dict:
		return !slices.ContainsFunc(x.Entries, func(e pyobj.Entry) bool {
			return depth == 0 || !plainData(e.Key, depth-1) || !plainData(e.Value, depth-1)
		})
	case *pyobj.Global:
		return (x.Module == "builtins" || x.Module == "__builtin__" || x.Module == "numpy") && uses(*x)&asClass != 0
	case *pyobj.Object:
		n := x.ClassName()
		return (n == "builtins.slice" || n == "__builtin__.slice") && all(x.Args) || isScalar(x)
	}
	return true
}

// methodWithKeywords reports functools.partial(operator.methodcaller, name, **keywords)(*arguments), which is how a methodcaller with
// keywords is pickled.
func methodWithKeywords(j *judge, c *pyobj.Call) bool {
	o, ok := c.Func.(*pyobj.Object)
	if !ok || c.Op != "REDUCE" || o.ClassName() != "functools.partial" || len(o.Args) != 1 {
		return false
	}
	parts := members(j.partials[o]) // the state it has when it is called
	if len(parts) != 4 || !callsMethod(o.Args[0]) || !callsMethod(parts[0]) {
		return false
	}
	return methodForm(j, slices.Concat(members(parts[1]), c.Args)) == "" // its keywords are judged with the partial
}

// elementwise reports what numpy.vectorize may call on each number or text: a listed function, or a method of text or of a pattern.
func (j *judge) elementwise(v pyobj.Value) bool {
	o, ok := v.(*pyobj.Object)
	if !ok {
		return j.function(v) == ""
	}
	if strings.HasSuffix(o.ClassName(), ".getattr") && len(o.Args) == 2 {
		g, _ := global(o.Args[0])
		of, made := o.Args[0].(*pyobj.Object)
		return g == "builtins.str" || g == "__builtin__.str" || g == "__builtin__.unicode" || made && of.ClassName() == "re._compile"
	}
	return isOperator(o.ClassName())
}

// isOperator reports operator's itemgetter, attrgetter and methodcaller.
func isOperator(class string) bool {
	return strings.HasPrefix(strings.TrimPrefix(class, "_"), "operator.")
}

func callsMethod(v pyobj.Value) bool {
	g, _ := global(v)
	return strings.TrimPrefix(g, "_") == "operator.methodcaller"
}

func noneTypeForm(_ *judge, args []pyobj.Value) string {
	if len(args) == 1 {
		if _, ok := args[0].(pyobj.None); ok {
			return ""
		}
		if g, _ := global(args[0]); g == "builtins.Ellipsis" || g == "builtins.NotImplemented" {
			return ""
		}
	}
	return "is allowed for None only"
}

func dtypeForm(_ *judge, args []pyobj.Value) string {
	if len(args) == 0 || len(args) > 3 {
		return "wants a type and two flags"
	}
	switch a := args[0].(type) {
	case pyobj.Str, pyobj.Py2Str:
		if s := text(a); len(s) > 64 || strings.ContainsAny(s, "(){}=,:") {
			return fmt.Sprintf("type string %.64q", s)
		}
	case *pyobj.Global:
		if uses(*a)&asClass == 0 {
			return "the type is " + a.String()
		}
	default:
		return "the type is " + describe(a)
	}
	for _, a := range args[1:] {
		switch a.(type) {
		case pyobj.Bool, pyobj.Int:
		default:
			return "the flags are " + describe(a)
		}
	}
	return ""
}

func arrayClass(v pyobj.Value) bool {
	g, ok := v.(*pyobj.Global)
	return ok && uses(*g)&asArray != 0
}

// emptyShape reports (0,): the form of which an array's state makes the array. Any other shape would be allocated at once.
func emptyShape(v pyobj.Value) bool {
	t, ok := v.(*pyobj.Tuple)
	if !ok || len(t.Items) > 1 {
		return false
	}
	return len(t.Items) == 0 || t.Items[0] == pyobj.Value(pyobj.Int(0))
}

func reconstructForm(_ *judge, args []pyobj.Value) string {
	switch {
	case len(args) != 3:
		return "wants an array class, a shape and a type"
	case !arrayClass(args[0]):
		return "the class is " + describe(args[0])
	case !emptyShape(args[1]):
		return "the shape is not (0,)"
	}
	return typeCode(args[2])
}

// typeCode wants the placeholder b'b', or another code of one byte.
func typeCode(v pyobj.Value) string {
	switch x := v.(type) {
	case pyobj.Bytes:
		if len(x) <= 2 {
			return ""
		}
	case pyobj.Str, pyobj.Py2Str:
		if len(text(x)) <= 2 {
			return ""
		}
	case *pyobj.Object:
		if isEncoded(x) {
			return ""
		}
	}
	return "the type is " + describe(v)
}

func maskedForm(_ *judge, args []pyobj.Value) string {
	switch {
	case len(args) != 4 || !arrayClass(args[0]) || !arrayClass(args[1]) || pyobj.ShortName(args[0].(*pyobj.Global).String()) != "MaskedArray":
		return "wants two array classes, a shape and a type"
	case !emptyShape(args[2]):
		return "the shape is not (0,)"
	}
	return typeCode(args[3])
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

func scalarForm(j *judge, args []pyobj.Value) string {
	if len(args) != 2 || !isDType(args[0]) {
		return "wants a dtype and bytes" // without bytes numpy makes zeros of any size
	}
	if refersTo(args[0]) {
		return "bytes are no objects" // old releases of numpy take them for references
	}
	if j.isKind(args[1], "bytes|text|none|number") {
		return ""
	}
	if o, ok := args[1].(*pyobj.Object); ok && strings.HasPrefix(o.ClassName(), "datetime.") {
		return ""
	}
	return "the value is " + describe(args[1])
}

func frombufferForm(j *judge, args []pyobj.Value) string {
	if len(args) < 4 || len(args) > 5 || !isDType(args[1]) {
		return "wants bytes, a dtype, a shape and an order"
	}
	if !j.isKind(args[0], "bytes") {
		return "the buffer is " + describe(args[0])
	}
	if !j.isKind(args[2], "tuple|int") || !j.isKind(args[3], "text") {
		return "wants a shape and an order"
	}
	return ""
}

func ufuncForm(_ *judge, args []pyobj.Value) string {
	if len(args) != 2 {
		return "wants a module and a name"
	}
	if uses(pyobj.Global{Module: text(args[0]), Name: text(args[1])})&asValue != 0 {
		return ""
	}
	// Python 2 named whichever module of scipy or numpy had imported numpy's function.
	if m := text(args[0]); slices.ContainsFunc([]string{"scipy.", "numpy.core.", "numpy.lib."}, func(p string) bool { return strings.HasPrefix(m, p) }) && strings.Trim(m, "abcdefghijklmnopqrstuvwxyz_.") == "" &&
		uses(pyobj.Global{Module: "numpy", Name: text(args[1])})&asValue != 0 {
		return ""
	}
	return fmt.Sprintf("%s.%s is no known ufunc", text(args[0]), text(args[1]))
}

func dtypeClassForm(_ *judge, args []pyobj.Value) string {
	if len(args) == 1 {
		if g, ok := args[0].(*pyobj.Global); ok && g.Module == "numpy" && uses(*g)&asClass != 0 {
			return ""
		}
	}
	return "wants a numpy scalar type"
}

// bitGenerators are the only classes numpy.random's constructors may be given.
var bitGenerators = map[string]bool{"MT19937": true, "PCG64": true, "PCG64DXSM": true, "Philox": true, "SFC64": true}

// randomForm checks the constructors of numpy's generators: names and classes of bit generators, and each other.
func randomForm(_ *judge, args []pyobj.Value) string {
	if len(args) > 2 {
		return "wants a bit generator"
	}
	for i, a := range args {
		switch x := a.(type) {
		case pyobj.Str, pyobj.Py2Str:
			if bitGenerators[text(x)] {
				continue
			}
			return fmt.Sprintf("bit generator %.40q", text(x))
		case *pyobj.Global:
			if n := x.String(); n == "numpy.random._pickle.__bit_generator_ctor" || strings.HasPrefix(x.Module, "numpy.random") && bitGenerators[x.Name] {
				continue
			}
		case *pyobj.Object:
			if n := x.ClassName(); n == "numpy.random._pickle.__bit_generator_ctor" {
				continue
			}
		}
		return fmt.Sprintf("argument %d is %s", i, describe(a))
	}
	return ""
}

// factoryForm allows defaultdict over plain types and scikit-learn's own classes: one encoder for each column is usual.
func factoryForm(j *judge, args []pyobj.Value) string {
	if len(args) == 0 {
		return ""
	}
	switch x := args[0].(type) {
	case pyobj.None:
		return shape("none [dict|pairs]")(j, args)
	case *pyobj.Global:
		listed := x.Module == "builtins" || x.Module == "__builtin__" || strings.HasPrefix(x.Module, "sklearn.") && !strings.HasPrefix(x.Module, "sklearn.externals.")
		if listed && uses(*x)&asClass != 0 || x.String() == "collections.OrderedDict" {
			return shape("any [dict|pairs]")(j, args)
		}
		if j.standing(x) == unknownClass {
			return "" // its import is reported
		}
	}
	return "the factory is " + describe(args[0])
}

// newObjForm allows Cython's allocator for the neighbour trees and metrics of its own module.
func newObjForm(module string) form {
	return func(j *judge, args []pyobj.Value) string {
		if len(args) != 1 {
			return "wants a class"
		}
		if g, ok := args[0].(*pyobj.Global); ok && uses(*g)&asClass != 0 && g.Module == module {
			return ""
		}
		return "the class is " + describe(args[0])
	}
}

// unpickleForm checks Cython's (class, checksum, state), where the class is one of the names.
func unpickleForm(names ...string) form {
	return func(j *judge, args []pyobj.Value) string {
		if len(args) != 3 {
			return "wants a class, a checksum and a state"
		}
		n, _ := global(args[0])
		for _, want := range names {
			if n == want {
				return shape("any int none|tuple")(j, args)
			}
		}
		return "the class is " + describe(args[0])
	}
}

// pandasClassForm wants one of pandas' listed classes and then data.
func pandasClassForm(rest ...string) form {
	data := shape("any " + strings.Join(rest, " "))
	return func(j *judge, args []pyobj.Value) string {
		if len(args) > 0 {
			if g, ok := args[0].(*pyobj.Global); !ok || !strings.HasPrefix(g.Module, "pandas") || uses(*g)&asClass == 0 {
				return "the class is " + describe(args[0])
			}
		}
		return data(j, args)
	}
}

var zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)

// zoneForm checks pytz's (zone, offset, daylight saving, name): pytz opens the file of a zone.
func zoneForm(j *judge, args []pyobj.Value) string {
	if why := shape("text int int text")(j, args); why != "" {
		return why
	}
	if !zoneName.MatchString(text(args[0])) {
		return fmt.Sprintf("the zone is %.40q", text(args[0]))
	}
	return ""
}

// zoneKeyForm checks the name of a zone.
func zoneKeyForm(j *judge, args []pyobj.Value) string {
	if why := shape("text")(j, args); why != "" {
		return why
	}
	if !zoneName.MatchString(text(args[0])) {
		return fmt.Sprintf("the zone is %.40q", text(args[0]))
	}
	return ""
}

// zoneInfo finds the file of a zone's name below the folders of zones only.
const zoneInfo = "zoneinfo.ZoneInfo"

// unpicklesZone reports ZoneInfo._unpickle(zone, from_cache), the one method that honest files call as they are loaded.
func unpicklesZone(c *pyobj.Call) bool {
	o, ok := c.Func.(*pyobj.Object)
	if !ok || o.State != nil || !strings.HasSuffix(o.ClassName(), ".getattr") || len(o.Args) != 2 || text(o.Args[1]) != "_unpickle" {
		return false
	}
	class, _ := global(o.Args[0])
	if class != zoneInfo || c.Op != "REDUCE" || len(c.Args) != 2 || !zoneName.MatchString(text(c.Args[0])) {
		return false
	}
	switch c.Args[1].(type) {
	case pyobj.Int, pyobj.Bool:
		return true
	}
	return false
}

// rebuildsBlock reports functools.partial(new_block, ndim=n), by which pandas 1.3 makes the blocks of a frame.
func rebuildsBlock(c *pyobj.Call) bool {
	o, ok := c.Func.(*pyobj.Object)
	if !ok || c.Op != "REDUCE" || o.ClassName() != "functools.partial" || len(o.Args) != 1 || len(c.Args) != 2 {
		return false
	}
	const newBlock = "pandas.core.internals.blocks.new_block"
	parts := members(o.State)
	if g, _ := global(o.Args[0]); g != newBlock || len(parts) != 4 || len(members(parts[1])) > 0 {
		return false
	}
	if g, _ := global(parts[0]); g != newBlock {
		return false
	}
	d, ok := parts[2].(*pyobj.Dict)
	if !ok || d.Len() != 1 {
		return false
	}
	_, ok = d.Get("ndim").(pyobj.Int)
	return ok
}

// zonePath refuses texts by which pandas opens a file as a time zone: dateutil takes paths for names.
func zonePath(v pyobj.Value) string { return zoneIn(v, 4) }

func zoneIn(v pyobj.Value, depth int) string {
	if depth == 0 {
		return ""
	}
	switch x := v.(type) {
	case pyobj.Str, pyobj.Py2Str:
		if _, zone, ok := strings.Cut(text(x), "dateutil/"); ok && !zoneName.MatchString(strings.TrimRight(zone, "]> ")) {
			return fmt.Sprintf("the time zone is a path: %.60q", text(x))
		}
	case *pyobj.Dict:
		for _, e := range x.Entries {
			if why := zoneIn(e.Value, depth-1); why != "" {
				return why
			}
		}
	case *pyobj.Tuple:
		for _, v := range x.Items {
			if why := zoneIn(v, depth-1); why != "" {
				return why
			}
		}
	}
	return ""
}

// treeForm checks Tree(n_features, n_classes, n_outputs): its constructor reads n_outputs items of n_classes unchecked.
func treeForm(_ *judge, args []pyobj.Value) string {
	if len(args) != 3 {
		return "wants the numbers of features, classes and outputs"
	}
	features, ok1 := args[0].(pyobj.Int)
	outputs, ok2 := args[2].(pyobj.Int)
	if !ok1 || !ok2 || features < 0 || outputs < 0 {
		return "the numbers of features and outputs are no counts"
	}
	switch a := args[1].(type) {
	case *pyobj.Array:
		if a.DType.Kind != 'i' || len(a.Shape) != 1 || int64(a.Shape[0]) != int64(outputs) {
			return "the numbers of classes are no array of one per output"
		}
	case *pyobj.Object: // not folded: the file broke off later
	default:
		return "the numbers of classes are " + describe(a)
	}
	return ""
}

// argument list of scipy.stats' generated functions: identifiers, numbers, "=" and commas; no call can be written with it.
const shapeList = `[A-Za-z0-9_=, ]*`

var parseArgs = regexp.MustCompile(`^\s*def _parse_args\(self, ` + shapeList + `\):\n    return \(` + shapeList + `\), ` + shapeList + `\n\n` +
	`def _parse_args_rvs\(self, ` + shapeList + `, size=None\):\n    return self\._argcheck_rvs\(` + shapeList + `, size=size\)\n\n` +
	`def _parse_args_stats\(self, ` + shapeList + `, moments='mv'\):\n    return \(` + shapeList + `\), ` + shapeList + `, moments\s*$`)

var shapeNames = regexp.MustCompile(`^` + shapeList + `$`)
