package skops

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
)

// namedTuples are the classes of scikit-learn that a pickle makes by __new__(cls, *items).
var namedTuples = map[string]bool{"sklearn.impute._iterative._ImputerTriplet": true, "sklearn.impute._iterative.ImputerTriplet": true}

// object writes what a call or an allocation made.
func (e *encoder) object(o *pyobj.Object, id int) error {
	if key, ok := zone(o); ok {
		return e.call(zoneInfo, id, []pyobj.Value{key})
	}
	if g, ok := numpy.Ufunc(o); ok {
		return e.global(g, id)
	}
	g, ok := o.Class.(*pyobj.Global)
	if !ok {
		return e.refuse("a call of something that is no name can not be held by skops")
	}
	if o.Kwargs.Len() > 0 {
		return e.refuse("%s is made with keyword arguments, for which skops has no node", g)
	}
	if o.Make == pyobj.Reduce {
		if done, err := e.known(o, g, id); done || err != nil {
			return err
		}
	}
	class, err := e.name(g)
	if err != nil {
		return err
	}
	if o.Make != pyobj.New && (o.Make != pyobj.Inst || len(o.Args) > 0) {
		if o.State != nil || len(o.Items)+len(o.Pairs) > 0 || !isType(class) {
			return e.refuse("a call of %s can not be held by skops", g)
		}
		return e.call(class, id, o.Args)
	}
	state := o.State
	if d, ok := state.(*pyobj.Dict); ok && d.Len() == 0 || class.Name == "Bunch" {
		state = nil // a Bunch makes its state anew
	}
	switch {
	case isSparse(class):
		return e.sparse(class, o, id)
	case len(o.Args) > 0:
		if !namedTuples[class.String()] || o.State != nil {
			return e.refuse("%s is made with arguments, for which skops has no node", g)
		}
		return e.sequence(class, "TupleNode", id, o.Args)
	case len(o.Pairs) > 0 || class.Name == "Bunch":
		if state != nil || len(o.Items) > 0 {
			return e.refuse("%s is a dict with attributes, which skops would lose", g)
		}
		return e.dict(class, id, o.Pairs)
	case len(o.Items) > 0:
		if state != nil {
			return e.refuse("%s is a list with attributes, which skops would lose", g)
		}
		return e.sequence(class, "ListNode", id, o.Items)
	}
	return e.plain(class, id, o.State)
}

var zoneInfo = &pyobj.Global{Module: "zoneinfo", Name: "ZoneInfo"}

// zone gives the name of a time zone that a pickle makes by ZoneInfo._unpickle(name, True) and skops by ZoneInfo(name).
func zone(o *pyobj.Object) (pyobj.Value, bool) {
	method, ok := o.Class.(*pyobj.Object)
	if !ok || len(method.Args) != 2 || len(o.Args) != 2 || o.State != nil || pyobj.ShortName(method.ClassName()) != "getattr" {
		return nil, false
	}
	class, ok := method.Args[0].(*pyobj.Global)
	name, _ := pyobj.Text(method.Args[1])
	if !ok || *class != *zoneInfo || name != "_unpickle" || o.Args[1] != pyobj.Value(pyobj.Int(1)) && o.Args[1] != pyobj.Value(pyobj.Bool(true)) {
		return nil, false
	}
	_, ok = pyobj.Text(o.Args[0])
	return o.Args[0], ok
}

// pickledZone is what a pickle makes of a time zone.
func pickledZone(key pyobj.Value) *pyobj.Object {
	method := &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "builtins", Name: "getattr"}, Args: []pyobj.Value{zoneInfo, pyobj.Str("_unpickle")}, Offset: -1}
	return &pyobj.Object{Make: pyobj.Reduce, Class: method, Args: []pyobj.Value{key, pyobj.Int(1)}, Offset: -1}
}

// plain writes an object by its state, which skops sets by __setstate__ or as attributes.
func (e *encoder) plain(class *pyobj.Global, id int, state pyobj.Value) error {
	if t, ok := state.(*pyobj.Tuple); ok && len(t.Items) == 2 {
		if _, slots := t.Items[1].(*pyobj.Dict); slots {
			return e.refuse("%s has slots, which skops can not set", class)
		}
	}
	e.head(class, "ObjectNode", id)
	e.str(`,"content":`)
	if err := e.node(state); err != nil {
		return err
	}
	e.str("}")
	return nil
}

// known writes the calls that have a node of their own; it reports whether o is one of them.
func (e *encoder) known(o *pyobj.Object, g *pyobj.Global, id int) (bool, error) {
	name := numpy.Canonical(g)
	bare := o.State == nil && len(o.Items)+len(o.Pairs) == 0
	switch name {
	case "functools.partial":
		return true, e.partial(o, id)
	case "builtins.getattr":
		return true, e.method(o, id)
	case "builtins.slice":
		if !bare || len(o.Args) != 3 {
			return true, e.refuse("a slice without three arguments")
		}
		return true, e.slice(o.Args, id)
	case "operator.itemgetter", "operator.attrgetter", "operator.methodcaller":
		if !bare {
			return true, e.refuse("a call of %s with a state", g)
		}
		e.head(g, "OperatorFuncNode", id)
		e.str(`,"attrs":`)
		if err := e.tuple(o.Args); err != nil {
			return true, err
		}
		e.str("}")
		return true, nil
	case "collections.OrderedDict", "collections.Counter":
		pairs := o.Pairs
		if len(o.Args) == 1 && len(pairs) == 0 {
			d, ok := o.Args[0].(*pyobj.Dict)
			if !ok {
				return true, e.refuse("%s of something that is no dict", g)
			}
			pairs = d.Entries
		} else if len(o.Args) > 0 {
			return true, e.refuse("%s with arguments can not be held by skops", g)
		}
		if o.State != nil || len(o.Items) > 0 {
			return true, e.refuse("%s has attributes, which skops would lose", g)
		}
		return true, e.dict(g, id, pairs)
	case "collections.defaultdict":
		return true, e.defaultDict(o, id)
	case "collections.deque":
		return true, e.refuse("a deque comes back from skops without what is in it")
	case "numpy.ma.core._mareconstruct":
		return true, e.masked(o, id)
	case "numpy.random.__RandomState_ctor", "numpy.random._pickle.__randomstate_ctor":
		return true, e.randomState(o, id)
	case "numpy.random._pickle.__generator_ctor":
		return true, e.generator(o, id)
	case "quantile_forest._quantile_forest_fast.QuantileForest":
		return true, e.reduced(g, "QuantileForestNode", id, o.Args, o.State)
	}
	switch {
	case g.Name == "Tree" && g.Module == "sklearn.tree._tree":
		return true, e.reduced(g, "TreeNode", id, o.Args, o.State)
	case g.Name == "newObj" && cythonModules[g.Module]:
		class, ok := first(o.Args).(*pyobj.Global)
		if !ok || len(o.Args) != 1 || o.State == nil {
			return true, e.refuse("%s without a class and a state", g)
		}
		return true, e.plain(class, id, o.State)
	case lossModules[g.Module]:
		class, args, state := g, o.Args, o.State
		if strings.HasPrefix(g.Name, "__pyx_unpickle_") {
			var ok bool
			if class, ok = first(o.Args).(*pyobj.Global); !ok || len(o.Args) != 3 {
				return true, e.refuse("%s without its class", g)
			}
			args = nil
			if t, ok := o.Args[2].(*pyobj.Tuple); ok && state == nil {
				args = t.Items
			} else if _, none := o.Args[2].(pyobj.None); !none {
				return true, e.refuse("%s with a state that is no tuple", g)
			}
		}
		return true, e.reduced(class, "LossNode", id, args, state)
	}
	if name == "copyreg._reconstructor" {
		return true, e.refuse("an object with a base skops does not know")
	}
	return false, nil
}

// lossModules hold the compiled losses. _loss is what scikit-learn 1.5 to 1.8 call sklearn._loss._loss.
var lossModules = map[string]bool{"sklearn._loss._loss": true, "_loss": true, "sklearn.linear_model._sgd_fast": true, "sklearn.linear_model.sgd_fast": true}

func first(vs []pyobj.Value) pyobj.Value {
	if len(vs) == 0 {
		return nil
	}
	return vs[0]
}

// reduced writes class(*args) with a state.
func (e *encoder) reduced(class *pyobj.Global, loader string, id int, args []pyobj.Value, state pyobj.Value) error {
	class, err := e.name(class)
	if err != nil {
		return err
	}
	e.head(class, loader, id)
	e.str(`,"__reduce__":{"args":`)
	e.push(".__reduce__")
	if err := e.tuple(args); err != nil {
		return err
	}
	e.pop()
	e.str(`},"content":`)
	switch state.(type) {
	case nil, pyobj.None:
		state = &pyobj.Dict{}
	case *pyobj.Dict, *pyobj.Tuple:
	default:
		return e.refuse("%s has a state that is neither dict nor tuple", class)
	}
	if err := e.node(state); err != nil {
		return err
	}
	e.str("}")
	return nil
}

func (e *encoder) parts(names []string, values []pyobj.Value) error {
	e.str(`,"content":{`)
	for i, v := range values {
		if i > 0 {
			e.str(",")
		}
		e.str(`"` + names[i] + `":`)
		e.push("." + names[i])
		if err := e.node(v); err != nil {
			return err
		}
		e.pop()
	}
	e.str("}}")
	return nil
}

func (e *encoder) partial(o *pyobj.Object, id int) error {
	t, ok := o.State.(*pyobj.Tuple)
	if !ok || len(t.Items) != 4 || len(o.Items)+len(o.Pairs) > 0 {
		return e.refuse("a partial without its four parts")
	}
	e.head(partialClass, "PartialNode", id)
	return e.parts([]string{"func", "args", "kwds", "namespace"}, t.Items)
}

// method writes a bound method: getattr(object, name) in a pickle.
func (e *encoder) method(o *pyobj.Object, id int) error {
	if len(o.Args) != 2 || o.State != nil {
		return e.refuse("getattr without two arguments")
	}
	owner, ok := o.Args[0].(*pyobj.Object)
	name, ok2 := pyobj.Text(o.Args[1])
	if !ok || !ok2 || owner.Make != pyobj.New {
		return e.refuse("a method of something other than a plain object can not be held by skops")
	}
	class, ok := owner.Class.(*pyobj.Global)
	if !ok {
		return e.refuse("a method of an object without a class")
	}
	e.head(class, "MethodNode", id)
	e.str(`,"content":{"func":`)
	e.text(name)
	e.str(`,"obj":`)
	e.push(".__self__")
	if err := e.node(owner); err != nil {
		return err
	}
	e.pop()
	e.str("}}")
	return nil
}

func (e *encoder) slice(args []pyobj.Value, id int) error {
	e.head(&pyobj.Global{Module: "builtins", Name: "slice"}, "SliceNode", id)
	e.str(`,"content":{`)
	for i, name := range []string{"start", "stop", "step"} {
		if i > 0 {
			e.str(",")
		}
		e.str(`"` + name + `":`)
		switch x := args[i].(type) {
		case pyobj.None:
			e.str("null")
		case pyobj.Int:
			e.str(strconv.FormatInt(int64(x), 10))
		case pyobj.Str, pyobj.Py2Str:
			s, _ := pyobj.Text(x)
			e.text(s)
		default:
			return e.refuse("a slice of something other than numbers and text can not be held by skops")
		}
	}
	e.str("}}")
	return nil
}

// defaultDict is rebuilt by defaultdict(**main).
func (e *encoder) defaultDict(o *pyobj.Object, id int) error {
	if len(o.Args) > 1 || o.State != nil || len(o.Items) > 0 {
		return e.refuse("a defaultdict with more than its factory can not be held by skops")
	}
	for _, kv := range o.Pairs {
		if _, ok := pyobj.Text(kv.Key); !ok {
			return e.refuse("a defaultdict with a key that is no text can not be held by skops")
		}
	}
	e.head(&pyobj.Global{Module: "collections", Name: "defaultdict"}, "DefaultDictNode", id)
	return e.parts([]string{"main", "default_factory"}, []pyobj.Value{&pyobj.Dict{Entries: o.Pairs}, first(o.Args)})
}

// masked writes data and mask; skops keeps nothing else.
func (e *encoder) masked(o *pyobj.Object, id int) error {
	class, ok := first(o.Args).(*pyobj.Global)
	t, ok2 := o.State.(*pyobj.Tuple)
	if !ok || !ok2 || len(t.Items) != 7 {
		return e.refuse("a masked array without its state")
	}
	t, _ = numpy.WithoutDefaultFill(o).(*pyobj.Tuple)
	if _, none := t.Items[6].(pyobj.None); !none {
		return e.refuse("a masked array with a fill value, which skops would lose")
	}
	data, mask, err := numpy.Masked(o)
	if err != nil {
		return e.refuse("%v", err)
	}
	e.head(class, "MaskedArrayNode", id)
	return e.parts([]string{"data", "mask"}, []pyobj.Value{data, mask})
}

// randomState writes numpy's RandomState: the dict that its get_state(legacy=False) gives.
func (e *encoder) randomState(o *pyobj.Object, id int) error {
	state, err := numpy.RandomState(o)
	if err != nil {
		return e.refuse("%v", err)
	}
	if n, _ := pyobj.Text(state.Get("bit_generator")); n != "MT19937" {
		return e.refuse("a RandomState of %s can not be held by skops", n)
	}
	e.head(&pyobj.Global{Module: "numpy.random.mtrand", Name: "RandomState"}, "RandomStateNode", id)
	e.str(`,"content":`)
	if err := e.node(state); err != nil {
		return err
	}
	e.str("}")
	return nil
}

func (e *encoder) generator(o *pyobj.Object, id int) error {
	state, seed, err := numpy.Generator(o)
	if err != nil {
		return e.refuse("%v", err)
	}
	e.head(&pyobj.Global{Module: "numpy.random._generator", Name: "Generator"}, "RandomGeneratorNode", id)
	if e.protocol < maxProtocol {
		if seed != nil {
			return e.refuse("generators with and without a seed sequence in one file can not be held by skops")
		}
		return e.parts([]string{"bit_generator"}, []pyobj.Value{state})
	}
	return e.parts([]string{"bit_generator", "seed_seq"}, []pyobj.Value{state, seed})
}

// seedless reports a generator without a seed sequence.
func seedless(v pyobj.Value) bool {
	found := false
	pyobj.Walk(v, func(v pyobj.Value) bool {
		if o, ok := v.(*pyobj.Object); ok && o.Make == pyobj.Reduce {
			if g, ok := o.Class.(*pyobj.Global); ok && g.Name == "__generator_ctor" {
				_, seed, err := numpy.Generator(o)
				found = found || err == nil && seed == nil
			}
		}
		return !found
	})
	return found
}

// sparse writes a scipy sparse matrix as scipy.sparse.save_npz does.
func (e *encoder) sparse(class *pyobj.Global, o *pyobj.Object, id int) error {
	a, ok := o.Attrs()
	if !ok || a == nil {
		return e.refuse("a sparse matrix without its state")
	}
	format, _, _ := strings.Cut(class.Name, "_")
	fields := map[string][]string{"csr": {"indices", "indptr"}, "csc": {"indices", "indptr"}, "bsr": {"indices", "indptr"},
		"dia": {"offsets"}, "coo": {"row", "col"}}[format]
	if fields == nil {
		return e.refuse("a sparse matrix of class %s can not be held by skops", class)
	}
	sv := a.Get("_shape")
	if sv == nil {
		sv = a.Get("shape")
	}
	shape, err := numpy.Shape(sv)
	if err != nil {
		return e.refuse("a sparse matrix: %v", err)
	}
	arrays := map[string]*pyobj.Array{}
	for _, f := range append(fields, "data") {
		arrays[f], _ = a.Get(f).(*pyobj.Array)
	}
	if t, ok := a.Get("coords").(*pyobj.Tuple); ok && format == "coo" && len(t.Items) == 2 {
		arrays["row"], _ = t.Items[0].(*pyobj.Array)
		arrays["col"], _ = t.Items[1].(*pyobj.Array)
	}
	if len(shape) != 2 { // skops makes a matrix of what it reads
		return e.refuse("a sparse array of %d dimensions comes back from skops as none", len(shape))
	}
	size := &pyobj.Array{DType: &pyobj.DType{Kind: 'i', Size: 8, Order: '<'}, Shape: []int{len(shape)}}
	for _, n := range shape {
		size.Data = binary.LittleEndian.AppendUint64(size.Data, uint64(n))
	}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	put := func(name string, a *pyobj.Array) error {
		if a == nil || a.DType.HasObject() || numpy.Fits(a.DType, a.Shape, int64(len(a.Data))) != nil {
			return e.refuse("a sparse matrix of class %s whose %s is no array of numbers can not be held by skops", class, name)
		}
		w, err := z.Create(name + ".npy")
		if err != nil {
			return err
		}
		return npy.Encode(w, a)
	}
	for _, f := range fields {
		if err := put(f, arrays[f]); err != nil {
			return err
		}
	}
	text := &pyobj.Array{DType: &pyobj.DType{Kind: 'S', Size: len(format), Order: '|'}, Data: []byte(format)}
	if err := put("format", text); err != nil {
		return err
	}
	if err := put("shape", size); err != nil {
		return err
	}
	if err := put("data", arrays["data"]); err != nil {
		return err
	}
	if strings.HasSuffix(class.Name, "_array") {
		if err := put("_is_array", &pyobj.Array{DType: &pyobj.DType{Kind: 'b', Size: 1, Order: '|'}, Data: []byte{1}}); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	name := strconv.Itoa(id) + ".npz"
	e.head(class, "SparseMatrixNode", id)
	e.str(`,"type":"scipy","file":"` + name + `"}`)
	return e.member(name, buf.Bytes())
}

// single reports a value that numpy.array takes for one item of an object array: no sequence, and nothing that becomes
// another type on the way.
func single(v pyobj.Value) bool {
	switch x := v.(type) {
	case pyobj.None, pyobj.Bool, pyobj.Int, *pyobj.BigInt, pyobj.Float, pyobj.Str, pyobj.Py2Str, pyobj.Bytes, *pyobj.Global:
		return true
	case *pyobj.Scalar:
		return x.DType.Kind != 'V'
	case *pyobj.Object: // the trees of gradient boosting; ensembles and pipelines are sequences
		return strings.HasPrefix(x.ClassName(), "sklearn.tree.") && x.Make == pyobj.New
	}
	return false
}

func isSparse(class *pyobj.Global) bool {
	return strings.HasPrefix(class.Module, "scipy.sparse.") && (strings.HasSuffix(class.Name, "_matrix") || strings.HasSuffix(class.Name, "_array"))
}
