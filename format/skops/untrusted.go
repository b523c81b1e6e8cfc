package skops

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// trustTable is what skops 0.16 trusts by itself beside scikit-learn 1.9.1, numpy 2.4 and scipy 1.17; testdata/gen/trusted.py
// writes it. It judges nothing here: it foretells what skops.io.get_untrusted_types answers.
//
//go:embed trusted.txt
var trustTable string

var trustGroups = sync.OnceValue(func() map[string]map[string]bool {
	groups := map[string]map[string]bool{}
	for line := range strings.Lines(trustTable) {
		f := strings.Fields(line)
		g := map[string]bool{}
		for _, n := range f[1:] {
			g[n] = true
		}
		groups[f[0]] = g
	}
	return groups
})

func trusted(group, name string) bool { return trustGroups()[group][name] }

// untrusted lists the types of a schema as skops.io.get_untrusted_types does: sorted, each once. Kinds of node that skops 0.16
// no longer reads are asked as their successors are. The nodes were read before; what is no node is passed over.
func untrusted(schema any, protocol int) []string {
	u := &untrustedTypes{protocol: protocol, found: map[string]bool{}, seen: map[string]bool{}}
	u.node(schema, false)
	out := []string{}
	for n := range u.found {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

type untrustedTypes struct {
	protocol int
	found    map[string]bool
	seen     map[string]bool // ids: a second node of an id is the first one
}

func (u *untrustedTypes) add(ok bool, name string) {
	if !ok {
		u.found[name] = true
	}
}

// list asks all nodes in a list.
func (u *untrustedTypes) list(v any, losses bool) {
	l, _ := v.([]any)
	for _, it := range l {
		u.node(it, losses)
	}
}

// node asks one node and what is in it. losses is true inside a loss, where the losses are trusted as the caller's own types are.
func (u *untrustedTypes) node(v any, losses bool) {
	o, ok := v.(*object)
	if !ok {
		return
	}
	if id := string(numberOf(o.get("__id__"))); id != "" && id != "0" {
		if u.seen[id] {
			return
		}
		u.seen[id] = true
	}
	loader := o.text("__loader__")
	if loader == "JsonNode" {
		return
	}
	name := o.text("__module__") + "." + o.text("__class__")
	content := o.get("content")
	parts, _ := content.(*object)
	is := func(names ...string) bool { return losses && trusted("loss", name) || slices.Contains(names, name) }
	in := func(groups ...string) bool {
		return losses && trusted("loss", name) || slices.ContainsFunc(groups, func(g string) bool { return trusted(g, name) })
	}
	each := func(keys ...string) {
		for _, k := range keys {
			u.node(parts.get(k), losses)
		}
	}
	switch loader {
	case "SliceNode", "CachedNode":
	case "ListNode":
		u.add(is("builtins.list"), name)
		u.list(content, losses)
	case "SetNode":
		u.add(is("builtins.set"), name)
		u.list(content, losses)
	case "TupleNode":
		u.add(is("builtins.tuple"), name)
		u.list(content, losses)
	case "DictNode":
		u.add(is("builtins.dict", "collections.OrderedDict"), name)
		u.node(o.get("key_types"), losses)
		if parts != nil {
			each(parts.keys...)
		}
	case "DefaultDictNode":
		u.add(is("collections.defaultdict"), name)
		each("main", "default_factory")
	case "_DictWithDeprecatedKeysNode":
		u.add(false, name)
		each("main", "_deprecated_key_to_new_key")
	case "NdArrayNode":
		u.add(is("numpy.ndarray") || in("dtype"), name)
		u.list(content, losses)
		u.node(o.get("shape"), losses)
	case "MaskedArrayNode":
		u.add(in("masked"), name)
		each("data", "mask")
	case "DTypeNode", "ConstructorFromReduceNode":
		u.add(is(), name)
		u.node(content, losses)
	case "RandomStateNode":
		u.add(in("random"), name)
		u.node(content, losses)
	case "RandomGeneratorNode":
		u.add(in("generator"), name)
		if u.protocol > 0 {
			bits, _ := parts.get("bit_generator").(*object)
			state, _ := bits.get("content").(*object)
			kind, _ := state.get("bit_generator").(*object)
			text := ""
			_ = json.Unmarshal([]byte(kind.text("content")), &text)
			u.add(trusted("bits", "numpy.random."+text), "numpy.random."+text)
			each("bit_generator")
		}
		if u.protocol > 1 {
			each("seed_seq")
		}
	case "SparseMatrixNode":
		u.add(in("sparse"), name)
	case "TypeNode":
		u.add(in("primitive", "dtype"), name)
	case "FunctionNode":
		if u.protocol == 0 {
			name = parts.text("module_path") + "." + parts.text("function")
			u.add(in("scipyufunc"), name)
			return
		}
		u.add(in("ufunc"), name)
	case "PartialNode":
		u.add(is(), name)
		each("func", "args", "kwds", "namespace")
	case "MethodNode":
		u.add(is(), name)
		u.add(false, name+"."+parts.text("func"))
		each("obj")
	case "OperatorFuncNode":
		u.add(is(), name)
		u.node(o.get("attrs"), losses)
	case "BytesNode":
		u.add(is("builtins.bytes"), name)
	case "BytearrayNode":
		u.add(is("builtins.bytearray"), name)
	case "ObjectNode":
		u.add(in("object"), name)
		u.node(content, losses)
	case "TreeNode", "QuantileForestNode", "LossNode", "SGDNode":
		maker := name
		switch o.text("__loader__") {
		case "TreeNode":
			maker = "sklearn.tree._tree.Tree"
			u.add(is(), name)
		case "QuantileForestNode":
			maker = "quantile_forest._quantile_forest_fast.QuantileForest"
			u.add(is(), name)
		default:
			losses = true
			u.add(in("loss"), name)
		}
		u.add(losses && trusted("loss", maker) || trusted("primitive", maker) || trusted("dtype", maker), maker)
		u.node(content, losses)
		r, _ := o.get("__reduce__").(*object)
		u.node(r.get("args"), losses)
	default:
		u.add(false, name)
	}
}
