package audit_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/audit"
)

// An attack is assembled opcode by opcode; nothing in it would do harm if it were loaded.

func str(s string) string {
	if len(s) < 256 {
		return "\x8c" + string(rune(len(s))) + s
	}
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}
func raw(b string) string                { return "C" + string([]byte{byte(len(b))}) + b }
func num(n byte) string                  { return "K" + string([]byte{n}) }
func glob(m, n string) string            { return str(m) + str(n) + "\x93" }
func tup(items ...string) string         { return "(" + strings.Join(items, "") + "t" }
func list(items ...string) string        { return "](" + strings.Join(items, "") + "e" }
func dict(pairs ...string) string        { return "}(" + strings.Join(pairs, "") + "u" }
func call(f string, a ...string) string  { return f + tup(a...) + "R" }
func alloc(f string, a ...string) string { return f + tup(a...) + "\x81" }
func build(o, state string) string       { return o + state + "b" }
func file(body string) []byte            { return []byte("\x80\x04" + body + ".") }

// name splits at the last dot of its module: "numpy.core.multiarray _reconstruct".
func name(s string) string {
	m, n, _ := strings.Cut(s, " ")
	return glob(m, n)
}

const (
	none    = "N"
	yes     = "\x88"
	no      = "\x89"
	scaler  = "sklearn.preprocessing._data StandardScaler"
	funcT   = "sklearn.preprocessing._function_transformer FunctionTransformer"
	f8Full  = "numpy dtype"
	rebuild = "numpy._core.multiarray _reconstruct"
)

func estimator(class string, attrs ...string) string {
	return build(alloc(name(class)), dict(attrs...))
}

func dtype(code string) string {
	return build(call(name(f8Full), str(code), no, yes), tup(num(3), str("<"), none, none, none, "J\xff\xff\xff\xff", "J\xff\xff\xff\xff", num(0)))
}

// dtypeOf gives a dtype with a state of its own.
func dtypeOf(code, order, sub, names, fields string, flags byte) string {
	return build(call(name(f8Full), str(code), no, yes), tup(num(3), str(order), sub, names, fields, num(8), num(1), num(flags)))
}

var object8 = build(call(name(f8Full), str("O8"), no, yes), tup(num(3), str("|"), none, none, none, "J\xff\xff\xff\xff", "J\xff\xff\xff\xff", num(63)))

func structureOf(field string) string {
	return dtypeOf("V8", "|", none, tup(str("a")), dict(str("a"), tup(field, num(0))), 63)
}

// structures gives an array of n structures that hold an object.
func structures(n byte, items string) string {
	return build(call(name(rebuild), name("numpy ndarray"), tup(num(0)), raw("b")), tup(num(1), tup(num(n)), structureOf(object8), no, items))
}

func sparse(class string, rows, cols byte, indptr, indices string) string {
	module := map[string]string{"csr_matrix": "scipy.sparse._csr", "csc_matrix": "scipy.sparse._csc"}[class]
	return build(alloc(name(module+" "+class)), dict(str("_shape"), tup(num(rows), num(cols)), str("indptr"), indptr, str("indices"), indices, str("data"), array(1)))
}

// array gives a one-dimensional array of int64.
func array(items ...int64) string {
	var b []byte
	for _, n := range items {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return build(call(name(rebuild), name("numpy ndarray"), tup(num(0)), raw("b")), tup(num(1), tup(num(byte(len(items)))), dtype("i8"), no, raw(string(b))))
}

// nodes gives a tree's nodes of (left, right, feature); nothing else of them is looked at.
func nodes(rows ...[3]int64) string {
	var b []byte
	for _, r := range rows {
		for _, n := range r {
			b = binary.LittleEndian.AppendUint64(b, uint64(n))
		}
	}
	fields := dict(str("left_child"), tup(dtype("i8"), num(0)), str("right_child"), tup(dtype("i8"), num(8)), str("feature"), tup(dtype("i8"), num(16)))
	dt := build(call(name(f8Full), str("V24"), no, yes), tup(num(3), str("|"), none, tup(str("left_child"), str("right_child"), str("feature")), fields, num(24), num(1), num(16)))
	return build(call(name(rebuild), name("numpy ndarray"), tup(num(0)), raw("b")), tup(num(1), tup(num(byte(len(rows)))), dt, no, raw(string(b))))
}

func tree(features byte, rows ...[3]int64) string {
	return build(call(name("sklearn.tree._tree Tree"), num(features), array(1), num(1)),
		dict(str("max_depth"), num(1), str("node_count"), num(byte(len(rows))), str("nodes"), nodes(rows...)))
}

const template = "\ndef _parse_args(self, a loc=0, scale=1):\n    return (a), loc, scale\n\n" +
	"def _parse_args_rvs(self, a loc=0, scale=1, size=None):\n    return self._argcheck_rvs(a loc, scale, size=size)\n\n" +
	"def _parse_args_stats(self, a loc=0, scale=1, moments='mv'):\n    return (a), loc, scale, moments\n"

// TestHonestForms keeps the attacks below honest: their harmless twins pass.
func TestHonestForms(t *testing.T) {
	forms := map[string]string{
		"estimator":        estimator(scaler, str("mean_"), array(1, 2)),
		"function by name": estimator(funcT, str("func"), name("numpy log1p")),
		"text method":      estimator("sklearn.feature_extraction.text CountVectorizer", str("tokenizer"), call(name("builtins getattr"), name("builtins str"), str("split"))),
		"pattern's method": estimator("sklearn.feature_extraction.text CountVectorizer", str("tokenizer"), call(name("builtins getattr"), call(name("re _compile"), str("[a-z]+"), num(32)), str("findall"))),
		"text that joins":  estimator(funcT, str("func"), call(name("builtins getattr"), str(" "), str("join"))),
		"method by name":   estimator(funcT, str("func"), call(name("operator methodcaller"), str("split"), str(","))),
		"method by name and keywords": estimator(funcT, str("func"), call(build(call(name("functools partial"), name("operator methodcaller")),
			tup(name("operator methodcaller"), tup(str("fillna")), dict(str("value"), num(0)), none)))),
		"items":              estimator(funcT, str("func"), call(name("operator itemgetter"), str("text"), call(name("builtins slice"), num(1), none, none))),
		"attributes":         estimator(funcT, str("func"), call(name("operator attrgetter"), str("values"))),
		"method of a frame":  estimator(funcT, str("func"), glob("pandas.core.generic", "NDFrame.fillna"), str("kw_args"), dict(str("value"), num(0))),
		"method of an array": estimator(funcT, str("func"), call(name("builtins getattr"), name("numpy ndarray"), str("flatten"))),
		"vectorized":         estimator(funcT, str("func"), estimator("numpy vectorize", str("pyfunc"), name("math sqrt"), str("cache"), no, str("_ufunc"), "}")),
		"Python's function":  estimator(funcT, str("func"), name("builtins abs")),
		"partial":            estimator(funcT, str("func"), build(call(name("functools partial"), name("numpy clip")), tup(name("numpy clip"), ")", "}", none))),
		"bound method":       estimator(funcT, str("func"), call(name("builtins getattr"), estimator(scaler), str("transform"))),
		"defaultdict":        call(name("collections defaultdict"), name("builtins list")),
		"random state":       call(name("numpy.random._pickle __randomstate_ctor"), call(name("numpy.random._pickle __bit_generator_ctor"), name("numpy.random._mt19937 MT19937"))),
		"tree":               tree(2, [3]int64{1, 2, 0}, [3]int64{-1, -1, -2}, [3]int64{-1, -1, -2}),
		"dispatch":           estimator("sklearn.model_selection._search GridSearchCV", str("pre_dispatch"), str("2*n_jobs")),
		"distribution":       estimator("scipy.stats._continuous_distns gamma_gen", str("_parse_arg_template"), str(template), str("shapes"), str("a")),
		"discrete distribution": estimator("scipy.stats._discrete_distns randint_gen", str("__doc__"), none, str("vecentropy"), estimator("numpy vectorize",
			str("pyfunc"), call(name("builtins getattr"), alloc(name("scipy.stats._discrete_distns randint_gen")), str("_entropy")), str("__name__"), str("_entropy"), str("__doc__"), none)),
		"distribution before scipy 1.6": build(alloc(name("scipy.stats._continuous_distns gamma_gen")), tup(dict(str("shapes"), str("a"), str("seed"), none),
			call(name("numpy.random __RandomState_ctor")))),
		"named tuple":           alloc(name("sklearn.impute._iterative _ImputerTriplet"), num(0), array(1), estimator(scaler)),
		"ordered dict":          call(name("collections OrderedDict")) + "(" + str("a") + num(1) + "u",
		"zone":                  call(call(name("builtins getattr"), name("zoneinfo ZoneInfo"), str("_unpickle")), str("Europe/Berlin"), num(1)),
		"zone of skops":         call(name("zoneinfo ZoneInfo"), str("Europe/Berlin")),
		"deque of a tuple":      call(name("collections deque"), ")", num(5)) + "(" + num(1) + "e",
		"partial of a type":     build(call(name("functools partial"), name("builtins int")), tup(name("builtins int"), ")", dict(str("base"), num(2)), none)),
		"encoders by column":    call(name("collections defaultdict"), name("sklearn.preprocessing._label LabelEncoder")),
		"period":                call(name("pandas._libs.tslibs.period Period"), none, str("M"), num(9)),
		"set of protocol 3":     call(name("builtins set"), list(str("a"))),
		"bytearray":             call(name("builtins bytearray"), raw("abc")),
		"ufunc of numpy 1.19":   call(name("numpy.core _ufunc_reconstruct"), str("numpy.core._multiarray_umath"), str("log1p")),
		"structures of objects": structures(1, list(tup(num(1)))),
		"metric of a neighbour": call(name("sklearn.metrics._dist_metrics newObj"), name("sklearn.metrics._dist_metrics EuclideanDistance64")),
	}
	for what, body := range forms {
		if r := larder.AuditBytes(file(body), audit.Policy{Strict: true}); r.Verdict != audit.OK {
			t.Errorf("%s: %s: %+v", what, r.Verdict, r.Findings)
		}
	}
}

// TestAttacks refuses every way round the list that is known, by class; each finding names the symbol, its byte and
// its opcode.
func TestAttacks(t *testing.T) {
	popen := name("subprocess Popen")
	attacks := []struct {
		class, what, body, symbol string
	}{
		{"unlisted callable", "system", call(name("posix system"), str("true")), "posix.system"},
		{"unlisted callable", "numpy loader", call(name("numpy load"), str("x")), "numpy.load"},
		{"unlisted callable", "numpy file", call(name("numpy fromfile"), str("x")), "numpy.fromfile"},
		{"unlisted callable", "joblib loader", call(name("joblib.numpy_pickle load"), str("x")), "joblib.numpy_pickle.load"},
		{"unlisted callable", "fetcher", call(name("sklearn.datasets._base _fetch_remote"), num(1)), "sklearn.datasets._base._fetch_remote"},
		{"unlisted callable", "pandas expression", call(name("pandas eval"), str("1")), "pandas.eval"},
		{"unlisted callable", "scipy io", call(name("scipy.io loadmat"), str("x")), "scipy.io.loadmat"},
		{"unlisted callable", "author's function", call(name("__main__ f"), str("x")), "__main__.f"},
		{"unlisted callable", "unknown library's function", call(name("somelib.tools f"), str("x")), "somelib.tools.f"},
		{"unlisted callable", "clone", call(name("sklearn.base clone"), estimator(scaler)), "sklearn.base.clone"},
		{"unlisted callable", "module getattr", call(name("sklearn.model_selection __getattr__"), str("x")), "sklearn.model_selection.__getattr__"},

		{"dotted", "through numpy", call(glob("numpy", "ctypeslib.ctypes.CDLL"), str("x")), "numpy.ctypeslib.ctypes.CDLL"},
		{"dotted", "through an allowed class", call(glob("sklearn.preprocessing._data", "StandardScaler.fit")), "sklearn.preprocessing._data.StandardScaler.fit"},
		{"dotted", "re-exported module", call(glob("sklearn.base", "warnings"), str("x")), "sklearn.base.warnings"},
		{"dotted", "re-exported function", call(glob("sklearn.utils.validation", "signature"), str("x")), "sklearn.utils.validation.signature"},
		{"dotted", "method of a frame that writes", glob("pandas.core.generic", "NDFrame.to_pickle"), "pandas.core.generic.NDFrame.to_pickle"},
		{"dotted", "method of a frame that evaluates", glob("pandas.core.frame", "DataFrame.query"), "pandas.core.frame.DataFrame.query"},
		{"dotted", "method of a frame that is called", call(glob("pandas.core.generic", "NDFrame.fillna"), num(1)), "pandas.core.generic.NDFrame.fillna"},
		{"dotted", "on from a method of a frame", glob("pandas.core.generic", "NDFrame.fillna.__globals__"), "pandas.core.generic.NDFrame.fillna.__globals__"},
		{"dotted", "empty module", call(glob("", "eval"), str("1")), ".eval"},

		{"memo and stack", "name after a pop", str("nt") + "0" + str("posix") + "\x94" + "0h\x00" + str("system") + "\x93" + tup(str("true")) + "R", "posix.system"},
		{"memo and stack", "duplicated name", str("posix") + str("system") + "\x93" + "2" + tup(str("true")) + "R" + "0", "posix.system"},
		{"memo and stack", "memoised callable", name("posix system") + "\x94" + "0" + "h\x00" + tup(str("true")) + "R", "posix.system"},

		{"text games", "carriage return", "cposix\r\nsystem\r\n" + tup(str("true")) + "R", "posix\r.system\r"},
		{"text games", "trailing space", "cposix \nsystem\n" + tup(str("true")) + "R", "posix .system"},
		{"text games", "escape in a name", "V\\u0070osix\n" + str("system") + "\x93" + tup(str("true")) + "R", "posix.system"},

		{"import only", "dangling", name("antigravity x") + "0" + num(1), "antigravity.x"},
		{"import only", "unused", tup(name("os system"), num(1)), "os.system"},
		{"result dropped", "reduce and pop", call(name("posix system"), str("true")) + "0" + num(1), "posix.system"},
		{"result dropped", "obj and pop", "(" + name("posix system") + str("true") + "o" + "0" + num(1), "posix.system"},
		{"result dropped", "inst and pop", "(" + str("true") + "iposix\nsystem\n" + "0" + num(1), "posix.system"},
		{"result dropped", "under a mark", "(" + call(name("posix system"), str("true")) + "1" + num(1), "posix.system"},
		{"result dropped", "overwritten key", dict(str("a"), call(name("posix system"), str("true"))) + "0" + num(1), "posix.system"},

		{"hostile argument", "array of a class", call(name(rebuild), popen, tup(num(0)), raw("b")), "subprocess.Popen"},
		{"hostile argument", "array of an estimator", call(name(rebuild), name(scaler), tup(num(0)), raw("b")), "numpy._core.multiarray._reconstruct"},
		{"hostile argument", "array allocated at once", call(name(rebuild), name("numpy ndarray"), tup("J\x00\x00\x00\x7f", "J\x00\x00\x00\x7f"), raw("b")), "numpy._core.multiarray._reconstruct"},
		{"hostile argument", "memory map made", alloc(name("numpy memmap"), str("x"), str("u1"), str("w+")), "numpy.memmap"},
		{"hostile argument", "memory map by its index", call(name("pandas.core.indexes.base _new_Index"), name("numpy memmap"), dict(str("filename"), str("x"))), "pandas.core.indexes.base._new_Index"},
		{"hostile argument", "memory map by partial", build(call(name("functools partial"), name("numpy memmap")), tup(name("numpy memmap"), tup(str("x")), "}", none)), "functools.partial"},
		{"hostile argument", "record made", alloc(name("numpy ndarray"), tup(num(3))), "numpy.ndarray"},
		{"hostile argument", "estimator with arguments", alloc(name(scaler), str("x")), "sklearn.preprocessing._data.StandardScaler"},
		{"hostile argument", "estimator called", call(name(scaler)), "sklearn.preprocessing._data.StandardScaler"},
		{"hostile argument", "keyword arguments", name(scaler) + ")" + dict(str("x"), num(1)) + "\x92", "sklearn.preprocessing._data.StandardScaler"},
		{"hostile argument", "bit generator of a class", call(name("numpy.random._pickle __bit_generator_ctor"), name(scaler)), "numpy.random._pickle.__bit_generator_ctor"},
		{"hostile argument", "bit generator of a function", call(name("numpy.random._pickle __randomstate_ctor"), str("MT19937"), name("numpy log1p")), "numpy.random._pickle.__randomstate_ctor"},
		{"hostile argument", "bit generator by a name", call(name("numpy.random._pickle __bit_generator_ctor"), str("seed")), "numpy.random._pickle.__bit_generator_ctor"},
		{"hostile argument", "reconstructor of a function", call(name("copyreg _reconstructor"), name("numpy log1p"), name("builtins object"), none), "copyreg._reconstructor"},
		{"hostile argument", "reconstructor over a class", call(name("copyreg _reconstructor"), name(scaler), name("sklearn.base BaseEstimator"), none), "copyreg._reconstructor"},
		{"hostile argument", "partial of a class", call(name("functools partial"), name(scaler)), "functools.partial"},
		{"hostile argument", "partial changed later", build(call(name("functools partial"), name("numpy log1p")), tup(name("builtins bytes"), ")", "}", none)), "functools.partial"},
		{"hostile argument", "default factory", call(name("collections defaultdict"), name("builtins getattr")), "collections.defaultdict"},
		{"hostile argument", "getattr of a module's class", call(name("builtins getattr"), name(scaler), str("fit")), "builtins.getattr"},
		{"hostile argument", "getattr of a private name", call(name("builtins getattr"), estimator(scaler), str("__class__")), "builtins.getattr"},
		{"hostile argument", "getattr on getattr", call(name("builtins getattr"), call(name("builtins getattr"), estimator(scaler), str("fit")), str("func")), "builtins.getattr"},
		{"hostile argument", "what getattr gave is called", call(call(name("builtins getattr"), estimator(scaler), str("fit")), num(1)), ""},
		{"hostile argument", "dtype metadata", build(call(name(f8Full), str("M8"), no, yes), tup(num(4), str("<"), none, none, none, num(8), num(8), num(0), tup(dict(str("x"), num(1)), tup(raw("ns"), num(1), num(1), num(1))))), "numpy.dtype"},
		{"hostile argument", "dtype in words", call(name(f8Full), str("{'a':1}"), no, yes), "numpy.dtype"},
		{"hostile argument", "object scalar", call(name("numpy._core.multiarray scalar"), dtype("O8"), list(num(1))), "numpy._core.multiarray.scalar"},
		{"hostile argument", "ufunc of another module", call(name("numpy.core _ufunc_reconstruct"), str("posix"), str("system")), "numpy.core._ufunc_reconstruct"},
		{"hostile argument", "codec", call(name("_codecs encode"), str("x"), str("rot13")), "_codecs.encode"},
		{"hostile argument", "type of three", call(name("builtins type"), str("x"), ")", "}"), "builtins.type"},
		{"hostile argument", "Cython allocator", call(name("sklearn.neighbors._kd_tree newObj"), name(scaler)), "sklearn.neighbors._kd_tree.newObj"},
		{"hostile argument", "Cython unpickler", call(name("sklearn._loss._loss __pyx_unpickle_CyHuberLoss"), name(scaler), num(1), ")"), "sklearn._loss._loss.__pyx_unpickle_CyHuberLoss"},
		{"hostile argument", "loss over a name", call(name("sklearn._loss._loss CyHuberLoss"), name("numpy log1p")), "sklearn._loss._loss.CyHuberLoss"},
		{"hostile argument", "tree of lying counts", call(name("sklearn.tree._tree Tree"), num(1), array(1), num(200)), "sklearn.tree._tree.Tree"},
		{"hostile argument", "wrapper's class", build(alloc(name("joblib.numpy_pickle NDArrayWrapper")), dict(str("subclass"), name(scaler))), "joblib.numpy_pickle.NDArrayWrapper"},

		{"fires later", "helper as a function", estimator(funcT, str("func"), name("builtins getattr")), "builtins.getattr"},
		{"fires later", "partial as a function", estimator(funcT, str("func"), name("functools partial")), "functools.partial"},
		{"fires later", "constructor of arrays", estimator("sklearn.feature_extraction.text CountVectorizer", str("tokenizer"), name("numpy memmap")), "numpy.memmap"},
		{"fires later", "in a list", estimator("sklearn.pipeline Pipeline", str("steps"), list(tup(str("a"), name("copyreg _reconstructor")))), "copyreg._reconstructor"},
		{"fires later", "loader", estimator(funcT, str("func"), name("numpy load")), "numpy.load"},
		{"fires later", "tokenizer", estimator("sklearn.feature_extraction.text CountVectorizer", str("tokenizer"), name("builtins eval")), "builtins.eval"},
		{"fires later", "scorer", estimator("sklearn.metrics._scorer _Scorer", str("_score_func"), name("os system")), "os.system"},
		{"fires later", "method shadowed by data", estimator(scaler, str("predict"), num(1)), "sklearn.preprocessing._data.StandardScaler"},
		{"fires later", "private method shadowed by a function", estimator(scaler, str("_validate_data"), name("numpy log1p")), "sklearn.preprocessing._data.StandardScaler"},
		{"fires later", "class in the state", estimator(scaler, str("__class__"), name("sklearn.pipeline Pipeline")), "sklearn.preprocessing._data.StandardScaler"},
		{"fires later", "setstate in the state", estimator(scaler, str("__setstate__"), name("numpy log1p")), "sklearn.preprocessing._data.StandardScaler"},
		{"fires later", "dict in the slots", build(alloc(name(scaler)), tup(none, dict(str("__dict__"), "}"))), "sklearn.preprocessing._data.StandardScaler"},
		{"fires later", "state on a class", build(name(scaler), dict(str("a"), num(1))), ""},
		{"fires later", "state on a bound method", build(call(name("builtins getattr"), estimator(scaler), str("fit")), dict(str("__func__"), name("numpy log1p"))), "builtins.getattr"},
		{"fires later", "keys on an estimator", alloc(name(scaler)) + "(" + str("a") + num(1) + "u", "sklearn.preprocessing._data.StandardScaler"},
		{"fires later", "items on an estimator", alloc(name(scaler)) + "(" + num(1) + "e", "sklearn.preprocessing._data.StandardScaler"},
		{"fires later", "code in pre_dispatch", estimator("sklearn.model_selection._search GridSearchCV", str("pre_dispatch"), str("__import__('os')")), "sklearn.model_selection._search.GridSearchCV"},
		{"text run by an allowed class", "scipy's argument template", estimator("scipy.stats._continuous_distns norm_gen", str("_parse_arg_template"), str("x = 1")), "scipy.stats._continuous_distns.norm_gen"},
		{"text run by an allowed class", "call in the template", estimator("scipy.stats._continuous_distns norm_gen", str("_parse_arg_template"), str(strings.Replace(template, "loc=0", "loc=exit()", 1))), "scipy.stats._continuous_distns.norm_gen"},
		{"text run by an allowed class", "shapes", estimator("scipy.stats._continuous_distns norm_gen", str("shapes"), str("a=exit()")), "scipy.stats._continuous_distns.norm_gen"},

		{"fires later", "vectorized function", estimator("numpy vectorize", str("pyfunc"), name("os system")), "os.system"},
		{"fires later", "vectorized method", estimator("numpy vectorize", str("pyfunc"), call(name("builtins getattr"), estimator(scaler), str("fit"))), "numpy.vectorize"},
		{"fires later", "vectorized code", estimator("numpy vectorize", str("pyfunc"), name("builtins eval")), "builtins.eval"},
		{"fires later", "method of a distribution vectorized", estimator("numpy vectorize", str("pyfunc"), call(name("builtins getattr"), estimator("sklearn.pipeline Pipeline"), str("score"))), "numpy.vectorize"},
		{"fires later", "format of text", call(name("builtins getattr"), name("builtins str"), str("format")), "builtins.getattr"},
		{"fires later", "format of a text", call(name("builtins getattr"), str("{0.__class__}"), str("format")), "builtins.getattr"},
		{"fires later", "format with a map", call(name("builtins getattr"), str("{a.__init__.__globals__}"), str("format_map")), "builtins.getattr"},
		{"fires later", "class of text", call(name("builtins getattr"), name("builtins str"), str("__class__")), "builtins.getattr"},
		{"fires later", "method of a method of text", call(name("builtins getattr"), call(name("builtins getattr"), name("builtins str"), str("lower")), str("__self__")), "builtins.getattr"},
		{"fires later", "reduce of a pattern", call(name("builtins getattr"), call(name("re _compile"), str("a"), num(32)), str("__reduce__")), "builtins.getattr"},
		{"fires later", "scanner of a pattern", call(name("builtins getattr"), call(name("re _compile"), str("a"), num(32)), str("scanner")), "builtins.getattr"},
		{"fires later", "method of a pattern called", call(call(name("builtins getattr"), call(name("re _compile"), str("a"), num(32)), str("findall")), str("a")), ""},
		{"fires later", "array that writes a file", call(name("builtins getattr"), name("numpy ndarray"), str("tofile")), "builtins.getattr"},
		{"fires later", "frame that writes a file", call(name("builtins getattr"), name("pandas.core.generic NDFrame"), str("to_pickle")), "builtins.getattr"},
		{"fires later", "method by name that writes", call(name("operator methodcaller"), str("tofile"), str("x")), "operator.methodcaller"},
		{"fires later", "method by name that evaluates", call(name("_operator methodcaller"), str("eval"), str("1")), "_operator.methodcaller"},
		{"fires later", "method by name that calls", call(name("operator methodcaller"), str("apply"), name("numpy log1p")), "operator.methodcaller"},
		{"fires later", "method by name of a class", call(name("operator methodcaller"), str("__reduce__")), "operator.methodcaller"},
		{"fires later", "method by name that formats", call(name("operator methodcaller"), str("format"), num(1)), "operator.methodcaller"},
		{"fires later", "method by name with a function", call(name("operator methodcaller"), str("fillna"), name("builtins eval")), "operator.methodcaller"},
		{"fires later", "method by name with keywords", call(build(call(name("functools partial"), name("operator methodcaller")), tup(name("operator methodcaller"), tup(str("to_csv")), dict(str("path_or_buf"), str("x")), none)), num(1)), "functools.partial"},
		{"fires later", "method by name called before its name is set", call(name("functools partial"), name("operator methodcaller")) + "\x94" + "0" + "h\x00" + tup(str("eval"), str("1")) + "R" + "0" +
			build("h\x00", tup(name("operator methodcaller"), tup(str("fillna")), dict(str("value"), num(0)), none)), ""},
		{"fires later", "name of a method set later", build(call(name("operator methodcaller"), str("fillna"), num(0)), dict(str("_name"), str("eval"))), "operator.methodcaller"},
		{"fires later", "caller of methods as a function", estimator(funcT, str("func"), name("operator methodcaller")), "operator.methodcaller"},
		{"fires later", "operator that calls", estimator(funcT, str("func"), name("_operator call")), "_operator.call"},
		{"fires later", "operator that sets items", estimator(funcT, str("func"), name("_operator setitem")), "_operator.setitem"},
		{"fires later", "attributes of a class", call(name("operator attrgetter"), str("__class__")), "operator.attrgetter"},
		{"fires later", "attributes behind attributes", call(name("operator attrgetter"), str("values.tofile")), "operator.attrgetter"},
		{"fires later", "item that is a function", call(name("operator itemgetter"), name("builtins eval")), "operator.itemgetter"},
		{"fires later", "map over functions", estimator(funcT, str("func"), name("builtins map")), "builtins.map"},
		{"fires later", "substitution by code", estimator(funcT, str("func"), build(call(name("functools partial"), name("re sub")), tup(name("re sub"), tup(str("a"), name("builtins eval")), "}", none))), "builtins.eval"},
		{"fires later", "time zone of a file in a keyword", estimator(funcT, str("func"), glob("pandas.core.generic", "NDFrame.astype"), str("kw_args"), dict(str("dtype"), str("datetime64[ns, dateutil//x]"))), funcT[len("sklearn.preprocessing._function_transformer "):]},
		{"fires later", "method of joblib's store", estimator(funcT, str("func"), call(name("functools partial"),
			call(name("builtins getattr"), estimator("sklearn.externals.joblib._store_backends FileSystemStoreBackend", str("location"), str("/tmp")), str("load_item")), list(str("x")))), "builtins.getattr"},
		{"fires later", "method of joblib's cache", estimator(funcT, str("func"), call(name("builtins getattr"),
			call(name("sklearn.externals.joblib.memory Memory"), none, none, num(0), num(0)), str("eval"))), "builtins.getattr"},
		{"fires later", "private method of a distribution", call(name("builtins getattr"), alloc(name("scipy.stats._continuous_distns norm_gen")), str("_construct_argparser")), "builtins.getattr"},
		{"fires later", "method replaced by a vectorized one", estimator(scaler, str("_validate_data"), alloc(name("numpy vectorize"))), "sklearn.preprocessing._data.StandardScaler"},
		{"fires later", "text of a class", estimator(scaler, str("__doc__"), str("a")), "sklearn.preprocessing._data.StandardScaler"},
		{"fires later", "text of a distribution that is none", estimator("scipy.stats._continuous_distns norm_gen", str("__doc__"), name("numpy log1p")), "scipy.stats._continuous_distns.norm_gen"},
		{"state of pairs", "scipy's arguments beside an object", build(alloc(name("scipy.stats._continuous_distns norm_gen")), tup(dict(str("a"), num(1)), estimator(scaler))), "scipy.stats._continuous_distns.norm_gen"},
		{"state of pairs", "scipy's template in a list", build(alloc(name("scipy.stats._continuous_distns norm_gen")), list(tup(str("_parse_arg_template"), str("x = 1")))), "scipy.stats._continuous_distns.norm_gen"},
		{"state of pairs", "scipy's template in a tuple", build(alloc(name("scipy.stats._continuous_distns norm_gen")), tup(tup(str("_parse_arg_template"), str("x = 1")))), "scipy.stats._continuous_distns.norm_gen"},
		{"state of pairs", "scipy's template in lists in a tuple", build(alloc(name("scipy.stats._continuous_distns norm_gen")), tup(list(str("_parse_arg_template"), str("x = 1")), tup(str("a"), num(1)))), "scipy.stats._continuous_distns.norm_gen"},
		{"state of pairs", "scipy's template in a set", build(alloc(name("scipy.stats._continuous_distns norm_gen")), "\x8f("+tup(str("_parse_arg_template"), str("x = 1"))+"\x90"), "scipy.stats._continuous_distns.norm_gen"},
		{"state of pairs", "scipy's template in an ordered dict", build(alloc(name("scipy.stats._continuous_distns norm_gen")), call(name("collections OrderedDict"))+"("+str("_parse_arg_template")+str("x = 1")+"u"), "scipy.stats._continuous_distns.norm_gen"},
		{"state of pairs", "scipy's template in a dict that is called", build(alloc(name("scipy.stats._continuous_distns norm_gen")), call(name("builtins dict"), list(tup(str("_parse_arg_template"), str("x = 1"))))), "scipy.stats._continuous_distns.norm_gen"},
		{"state of pairs", "a method in a counter", build(alloc(name(scaler)), call(name("collections Counter"), dict(str("predict"), name("numpy log1p")))), "sklearn.preprocessing._data.StandardScaler"},
		{"state of pairs", "a method in slots", build(alloc(name(scaler)), tup(none, call(name("collections OrderedDict"))+"("+str("predict")+num(1)+"u")), "sklearn.preprocessing._data.StandardScaler"},
		{"state of pairs", "a method", build(alloc(name(scaler)), list(tup(str("predict"), name("numpy log1p")))), "sklearn.preprocessing._data.StandardScaler"},

		{"bytes for references", "objects without their flags", dtypeOf("O8", "|", none, none, none, 0), "numpy.dtype"},
		{"bytes for references", "flags of objects on numbers", dtypeOf("i8", "<", none, none, none, 63), "numpy.dtype"},
		{"bytes for references", "a field of objects without flags", dtypeOf("V8", "|", none, tup(str("a")), dict(str("a"), tup(object8, num(0))), 16), "numpy.dtype"},
		{"bytes for references", "a subarray of objects without flags", dtypeOf("V16", "|", tup(object8, tup(num(2))), none, none, 0), "numpy.dtype"},
		{"bytes for references", "numbers over objects", dtypeOf("V8", "|", none, tup(str("a"), str("b")), dict(str("a"), tup(object8, num(0)), str("b"), tup(dtype("i8"), num(0))), 27), "numpy.dtype"},
		{"bytes for references", "half of a number over objects", dtypeOf("V16", "|", none, tup(str("a"), str("b")), dict(str("a"), tup(object8, num(4)), str("b"), tup(dtype("i8"), num(0))), 27), "numpy.dtype"},

		{"items that are not there", "an array of structures", structures(9, list(tup(num(1)))), "numpy._core.multiarray._reconstruct"},
		{"items that are not there", "a masked array", build(call(name("numpy.ma.core _mareconstruct"), name("numpy.ma.core MaskedArray"), name("numpy ndarray"), tup(num(0)), raw("b")),
			tup(num(1), tup(num(9)), object8, no, list(num(1)), raw("\x00"), none)), "numpy.ma.core._mareconstruct"},
		{"items that are not there", "a field beyond its item", dtypeOf("V8", "|", none, tup(str("a")), dict(str("a"), tup(dtype("i8"), num(0)), str("b"), tup(dtype("i8"), num(8))), 16), "numpy.dtype"},
		{"items that are not there", "an alignment of none", build(call(name(f8Full), str("V8"), no, yes), tup(num(3), str("|"), none, none, none, num(8), num(0), num(0))), "numpy.dtype"},
		{"bytes for references", "a structure of objects in bytes", call(name("numpy._core.multiarray scalar"), structureOf(object8), raw("12345678")), "numpy._core.multiarray.scalar"},

		{"file as a time zone", "pytz", call(name("pytz _p"), str("../../etc/passwd"), num(0), num(0), str("X")), "pytz._p"},
		{"file as a time zone", "zoneinfo", call(call(name("builtins getattr"), name("zoneinfo ZoneInfo"), str("_unpickle")), str("../../../etc/passwd"), num(1)), ""},
		{"file as a time zone", "another method of zoneinfo", call(call(name("builtins getattr"), name("zoneinfo ZoneInfo"), str("from_file")), str("UTC")), "builtins.getattr"},
		{"file as a time zone", "unpickle of another class", call(call(name("builtins getattr"), name(scaler), str("_unpickle")), str("UTC"), num(1)), "builtins.getattr"},
		{"hostile argument", "unpickle of an estimator", call(call(name("builtins getattr"), estimator(scaler), str("_unpickle")), str("UTC"), num(1)), "builtins.getattr"},
		{"file as a time zone", "zoneinfo called", call(name("zoneinfo ZoneInfo"), str("../etc/passwd")), "zoneinfo.ZoneInfo"},
		{"file as a time zone", "zoneinfo made", alloc(name("zoneinfo ZoneInfo"), str("../x")), "zoneinfo.ZoneInfo"},
		{"file as a time zone", "absolute for pytz", call(name("pytz _p"), str("/etc/passwd"), num(0), num(0), str("X")), "pytz._p"},
		{"file as a time zone", "dateutil of a timestamp", call(name("pandas._libs.tslibs.timestamps _unpickle_timestamp"), num(1), none, str("dateutil//etc/passwd"), num(10)), "pandas._libs.tslibs.timestamps._unpickle_timestamp"},
		{"file as a time zone", "dateutil of an index", call(name("pandas.core.indexes.base _new_Index"), name("pandas.core.indexes.base Index"), dict(str("data"), "]", str("dtype"), str("datetime64[ns, dateutil/../../x]"))), "pandas.core.indexes.base._new_Index"},
		{"file as a time zone", "dateutil of a type", build(alloc(name("pandas.core.dtypes.dtypes DatetimeTZDtype")), dict(str("unit"), str("ns"), str("tz"), str("dateutil//etc/passwd"))), "pandas.core.dtypes.dtypes.DatetimeTZDtype"},

		{"hostile argument", "masked memory map", call(name("numpy.ma.core _mareconstruct"), name("numpy memmap"), name("numpy ndarray"), tup(num(0)), raw("b")), "numpy.ma.core._mareconstruct"},
		{"resource", "scalar of any size", call(name("numpy._core.multiarray scalar"), dtype("V2000000000")), "numpy._core.multiarray.scalar"},

		{"indices", "tree wider than its estimator", estimator("sklearn.tree._classes DecisionTreeRegressor", str("n_features_in_"), num(1), str("tree_"), tree(2, [3]int64{1, 2, 1}, [3]int64{-1, -1, -2}, [3]int64{-1, -1, -2})), "sklearn.tree._classes.DecisionTreeRegressor"},
		{"indices", "tree wider than its forest", estimator("sklearn.ensemble._forest RandomForestRegressor", str("n_features_in_"), num(1), str("estimators_"),
			list(estimator("sklearn.tree._classes DecisionTreeRegressor", str("n_features_in_"), num(2), str("tree_"), tree(2, [3]int64{1, 2, 1}, [3]int64{-1, -1, -2}, [3]int64{-1, -1, -2})))), "sklearn.ensemble._forest.RandomForestRegressor"},
		{"indices", "sparse column outside", sparse("csr_matrix", 1, 2, array(0, 1), array(9)), "scipy.sparse._csr.csr_matrix"},
		{"indices", "sparse row outside", sparse("csc_matrix", 2, 1, array(0, 1), array(-1)), "scipy.sparse._csc.csc_matrix"},
		{"indices", "sparse starts outside", sparse("csr_matrix", 1, 2, array(0, 7), array(1)), "scipy.sparse._csr.csr_matrix"},
		{"indices", "sparse starts back and forth", sparse("csr_matrix", 2, 2, array(0, 1, 0), array(1)), "scipy.sparse._csr.csr_matrix"},
		{"indices", "too few sparse starts", sparse("csr_matrix", 9, 2, array(0, 1), array(1)), "scipy.sparse._csr.csr_matrix"},
		{"indices", "coordinate outside", build(alloc(name("scipy.sparse._coo coo_matrix")), dict(str("_shape"), tup(num(2), num(2)), str("row"), array(5), str("col"), array(0), str("data"), array(1))), "scipy.sparse._coo.coo_matrix"},
		{"indices", "generator beyond its block", build(call(name("numpy.random._pickle __randomstate_ctor"), str("MT19937")), dict(str("bit_generator"), str("MT19937"), str("state"), dict(str("key"), array(1), str("pos"), "M\xff\xff"))), "numpy.random._pickle.__randomstate_ctor"},
		{"indices", "generator before its block", build(call(name("numpy.random __RandomState_ctor")), tup(str("MT19937"), array(1), "J\xff\xff\xff\xff", num(0), num(0))), "numpy.random.__RandomState_ctor"},

		{"broken after payload", "bad opcode", call(name("posix system"), str("true")) + "\xff", "posix.system"},
		{"broken after payload", "underflow", call(name("posix system"), str("true")) + "000", "posix.system"},

		{"indices", "child before its parent", tree(2, [3]int64{1, 2, 0}, [3]int64{0, 2, 0}, [3]int64{-1, -1, -2}), "sklearn.tree._tree.Tree"},
		{"indices", "label outside", estimator("sklearn.preprocessing._label MultiLabelBinarizer", str("_cached_dict"), dict(str("a"), num(9))), "sklearn.preprocessing._label.MultiLabelBinarizer"},
		{"indices", "child outside", tree(2, [3]int64{1, 90, 0}, [3]int64{-1, -1, -2}), "sklearn.tree._tree.Tree"},
		{"indices", "feature outside", tree(2, [3]int64{1, 2, 7}, [3]int64{-1, -1, -2}, [3]int64{-1, -1, -2}), "sklearn.tree._tree.Tree"},

		{"indices", "points that are made without a state", alloc(name("sklearn.neighbors._kd_tree KDTree")), "sklearn.neighbors._kd_tree.KDTree"},

		{"resource", "bytes of a size", call(name("builtins bytes"), "J\x00\x00\x00\x7f"), "builtins.bytes"},
		{"resource", "list of a range", call(name("builtins list"), call(name("builtins range"), "J\x00\x00\x00\x7f")), "builtins.list"},
		{"resource", "int of digits", call(name("builtins int"), list(num(1))), "builtins.int"},
	}
	classes := map[string]int{}
	for _, a := range attacks {
		classes[a.class]++
		b := file(a.body)
		if a.class == "broken after payload" {
			b = b[:len(b)-1]
		}
		r := larder.AuditBytes(b, audit.Policy{})
		if r.Verdict != audit.Refused {
			t.Errorf("%s: %s: %s: %+v", a.class, a.what, r.Verdict, r.Findings)
			continue
		}
		if !refusedFor(r, a.symbol) {
			t.Errorf("%s: %s: no refusal names %q, its byte and its opcode: %+v", a.class, a.what, a.symbol, r.Findings)
		}
		for box, b := range contained(b) {
			r := larder.AuditBytes(b, audit.Policy{})
			if r.Verdict == audit.OK || box != "npy" && r.Verdict != audit.Refused {
				t.Errorf("%s: %s in %s: %s: %+v", a.class, a.what, box, r.Verdict, r.Findings)
			}
		}
	}
	t.Log(classes)
}

func refusedFor(r *audit.Report, symbol string) bool {
	for _, f := range r.Findings {
		if f.Level == audit.Critical && strings.Contains(f.Symbol+" "+f.Message, symbol) && (f.Offset >= 0 && f.Index >= 0 || f.Path != "") {
			return true
		}
	}
	return false
}

// contained puts a stream where others do not look.
func contained(b []byte) map[string][]byte {
	var z, g bytes.Buffer
	zw := zlib.NewWriter(&z)
	_, _ = zw.Write(b)
	_ = zw.Close()
	gw := gzip.NewWriter(&g)
	_, _ = gw.Write(b)
	_ = gw.Close()
	head := "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
	head += strings.Repeat(" ", 127-10-len(head)) + "\n"
	return map[string][]byte{
		"zlib":          z.Bytes(),
		"gzip":          g.Bytes(),
		"npy":           append([]byte("\x93NUMPY\x01\x00"+string(binary.LittleEndian.AppendUint16(nil, uint16(len(head))))+head), b...),
		"second stream": append(file(num(1)), b...),
	}
}

// TestUnknownCode leaves classes of unknown code undecided, and names them.
func TestUnknownCode(t *testing.T) {
	for _, body := range []string{
		estimator("__main__ Scaler", str("a"), num(1)),
		estimator("sklearn.pipeline Pipeline", str("steps"), list(tup(str("a"), estimator("mylib.steps Clip")))),
		estimator(funcT, str("func"), name("__main__ clean")),
		estimator("xgboost.sklearn XGBClassifier"),
	} {
		r := larder.AuditBytes(file(body), audit.Policy{})
		if r.Verdict != audit.Undetermined || r.Findings[0].Symbol == "" || r.Findings[0].Offset < 0 {
			t.Errorf("%q: %s: %+v", body, r.Verdict, r.Findings)
		}
	}
	body := file(estimator("__main__ Scaler", str("a"), num(1)))
	if r := larder.AuditBytes(body, audit.Policy{Trusted: []string{"__main__.Scaler"}}); r.Verdict != audit.OK {
		t.Errorf("trusted: %s: %+v", r.Verdict, r.Findings)
	}
	for _, n := range []string{"os.system", "subprocess.Popen", "numpy.load", "__main__.f"} {
		i := strings.LastIndexByte(n, '.')
		if r := larder.AuditBytes(file(call(glob(n[:i], n[i+1:]), str("true"))), audit.Policy{Trusted: []string{n}}); r.Verdict != audit.Refused {
			t.Errorf("trusting %s makes it %s", n, r.Verdict)
		}
	}
}

// TestReportIsStable wants the same bytes of a report for the same file, and a bounded one for a long file.
func TestReportIsStable(t *testing.T) {
	var body strings.Builder
	for i := range 3000 {
		body.WriteString(name(fmt.Sprintf("evil.m%d f", i)) + "0")
	}
	b := file(body.String() + num(1))
	r := larder.AuditBytes(b, audit.Policy{})
	if n := len(r.Findings); n != 1001 {
		t.Errorf("%d findings, wanted 1000 and the count of the rest", n)
	}
	for range 3 {
		if a, b := fmt.Sprintf("%+v", r), fmt.Sprintf("%+v", larder.AuditBytes(b, audit.Policy{})); a != b {
			t.Fatal("two reports of one file differ")
		}
	}
}
