package onnx

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/protowire"
	"github.com/larder-ml/larder/tensor"
)

const leastOpset = 18

// encoder builds a model.
type encoder struct {
	g       *graph.Graph
	opts    Options
	at      *graph.Node       // being encoded
	vals    []value           // by value id
	nodes   protowire.Message // of the graph being written: the model's or that of a loop
	inits   protowire.Message // constants, all in the model's graph
	infos   protowire.Message // values whose type nobody can infer
	prefix  string            // of names of our own
	count   int
	shared  map[string]string         // small constants by content
	consts  map[constKey]string       // initializers
	neutral map[string]*tensor.Tensor // those that are 1 or 0 as a float32 alone
	opset   int                       // version of the main domain needed
	ml, ms  int                       // versions of ai.onnx.ml and com.microsoft needed
	used    map[string]bool           // names that nodes read
	ports   map[string]bool           // names of inputs and outputs
	part    map[string]string         // text that is part of other text, by name
	report  Report
}

// constKey is a constant in an element type.
type constKey struct {
	t    *tensor.Tensor
	elem int
}

// value is a graph's value in the model: one tensor, or of a Frame one [N,1] tensor per column.
type value struct {
	name  string
	cols  []string
	fixed *tensor.Tensor // a constant, which is written when something uses it
	text  *textForm      // text that is not a tensor yet
}

// encode turns one graph node into ONNX nodes and returns the values of its outputs.
type encode func(e *encoder, n *graph.Node) ([]value, error)

func newEncoder(g *graph.Graph, opts Options) *encoder {
	e := &encoder{g: g, opts: opts, vals: make([]value, len(g.Types)), prefix: "_", shared: map[string]string{}, consts: map[constKey]string{}, neutral: map[string]*tensor.Tensor{}, used: map[string]bool{}, ports: map[string]bool{},
		part: map[string]string{}, opset: leastOpset}
	for e.taken() {
		e.prefix += "_"
	}
	return e
}

// taken reports that an input's or output's name begins with the prefix.
func (e *encoder) taken() bool {
	for _, o := range e.g.Outputs {
		if strings.HasPrefix(o.Name, e.prefix) {
			return true
		}
	}
	for i := range e.g.Nodes {
		if n := &e.g.Nodes[i]; n.Op == graph.OpInput {
			names := []string{n.Attr.(*graph.InputAttr).Name}
			for _, c := range e.g.Types[n.Out[0]].Columns {
				names = append(names, c.Name)
			}
			for _, s := range names {
				if strings.HasPrefix(s, e.prefix) {
					return true
				}
			}
		}
	}
	return false
}

// try encodes one node. Where it can not, the node's values get names all the same, so that what reads them can be tried.
func (e *encoder) try(n *graph.Node) error {
	err := e.node(n)
	if err == nil {
		return nil
	}
	for _, o := range n.Out {
		v := value{name: e.fresh()}
		if t := e.g.Types[o]; t.Kind == graph.Frame {
			v.cols = slices.Repeat([]string{v.name}, len(t.Columns))
		}
		e.vals[o] = v
	}
	return err
}

// node encodes one node of the graph.
func (e *encoder) node(n *graph.Node) error {
	e.at = n
	f := find(n.Op)
	if f == nil {
		if why := refused[n.Op]; why != "" {
			return e.unsupported("%s", why)
		}
		return e.unsupported("ONNX has no such operation")
	}
	for _, o := range append(slices.Clone(n.In), n.Out...) {
		if d := e.g.Types[o].DType; d == tensor.Float16 || d == tensor.Uint64 {
			return e.unsupported("runtimes do not compute in %s", d)
		}
		if k := e.g.Types[o].Kind; k == graph.Tokens && textOps[n.Op] == nil || k == graph.Dicts || k == graph.Ragged {
			return e.unsupported("ONNX has no rows of different length")
		}
	}
	out, err := f(e, n)
	if err != nil {
		return err
	}
	for i, v := range out {
		e.vals[n.Out[i]] = v
	}
	return nil
}

// unsupported makes the error for the current node.
func (e *encoder) unsupported(format string, args ...any) error {
	return &graph.UnsupportedError{Target: Name, Op: e.at.Op, Origin: e.at.Origin, Why: fmt.Sprintf(format, args...)}
}

// drop reports a check that is left out.
func (e *encoder) drop(check string) {
	d := Dropped{Origin: e.at.Origin, Check: check}
	if !slices.Contains(e.report.Dropped, d) {
		e.report.Dropped = append(e.report.Dropped, d)
	}
}

// in returns the name of input i of the current node.
func (e *encoder) in(i int) string { return e.nameOf(e.at.In[i]) }

// nameOf returns the name of a value that is one tensor. Text on its way to counts is none: only what counts reads it.
func (e *encoder) nameOf(id int) string {
	if t := e.vals[id].fixed; t != nil {
		return e.tensor(t)
	}
	return e.vals[id].name
}

// inType and outType return types of the current node.
func (e *encoder) inType(i int) graph.Type  { return e.g.Types[e.at.In[i]] }
func (e *encoder) outType(i int) graph.Type { return e.g.Types[e.at.Out[i]] }

// elem returns the ONNX element type of a dtype.
func (e *encoder) elem(d tensor.DType) int {
	switch d {
	case tensor.Float64:
		if e.opts.Precision == Compact {
			return elemFloat
		}
		return elemDouble
	case tensor.Float32:
		return elemFloat
	case tensor.Float16:
		return elemHalf
	case tensor.Int64:
		return elemInt64
	case tensor.Int32:
		return elemInt32
	case tensor.Int16:
		return elemInt16
	case tensor.Int8:
		return elemInt8
	case tensor.Uint64:
		return elemUint64
	case tensor.Uint32:
		return elemUint32
	case tensor.Uint16:
		return elemUint16
	case tensor.Uint8:
		return elemUint8
	case tensor.Bool:
		return elemBool
	case tensor.String:
		return elemString
	}
	return 0
}

// fresh makes a name.
func (e *encoder) fresh() string {
	e.count++
	return e.prefix + strconv.Itoa(e.count)
}

// port takes a name for an input or output: the first that is free, else the last with the least number that makes it so.
func (e *encoder) port(names ...string) string {
	last := names[len(names)-1]
	for i := 1; ; i++ {
		for _, s := range names {
			if !e.ports[s] {
				e.ports[s] = true
				return s
			}
		}
		names = []string{last + "." + strconv.Itoa(i)}
	}
}

// add adds a node of the main domain with one output and returns the output's name.
func (e *encoder) add(op string, in []string, attrs ...attr) string {
	for i := range in {
		if t := e.neutral[in[i]]; t != nil && len(in) == 2 {
			if y := e.kept(op, in[1-i], t, i); y != "" {
				return y
			}
		}
	}
	out := e.fresh()
	e.addTo(op, "", in, []string{out}, attrs...)
	if op == "Gather" || op == "Reshape" {
		e.part[out] = in[0]
	}
	return out
}

// kept computes with a constant, operand i, that ONNX Runtime takes for 1 or 0 since it looks at it as a float32, and so
// would leave out of a product or sum: through twice or half of it, or by an operation that it does not look at. "" for others.
func (e *encoder) kept(op, x string, t *tensor.Tensor, i int) string {
	times := func(by float64) string {
		c := tensor.New(tensor.Float64, t.Shape...)
		c.F64[0] = t.F64[0] * by
		return e.tensor(c)
	}
	one := float32(t.F64[0]) == 1
	switch {
	case op == "Mul" && one:
		return e.op("Mul", e.op("Mul", x, times(2)), e.scalar(0.5, tensor.Float64))
	case op == "Div" && one && i == 1:
		return e.op("Mul", e.op("Div", x, times(0.5)), e.scalar(0.5, tensor.Float64))
	case op == "Add" && !one:
		return e.op("Sum", x, times(1))
	case op == "Sub" && !one && i == 1:
		return e.op("Sum", x, times(-1))
	}
	return ""
}

// emptyText settles what empty text stands for in x, None or NaN, and refuses where it would have to be both.
func (e *encoder) emptyText(x string, missing tensor.Cell) error {
	for e.part[x] != "" {
		x = e.part[x]
	}
	word := missing.Repr()
	if e.report.EmptyText == nil {
		e.report.EmptyText = map[string]string{}
	}
	if was := e.report.EmptyText[x]; was != "" && was != word {
		return e.unsupported("empty text would stand for %s and for %s", was, word)
	}
	e.report.EmptyText[x] = word
	return nil
}

// addML adds a node of ai.onnx.ml.
func (e *encoder) addML(version int, op string, in []string, attrs ...attr) string {
	e.ml = max(e.ml, version)
	out := e.fresh()
	e.addTo(op, "ai.onnx.ml", in, []string{out}, attrs...)
	return out
}

func (e *encoder) addTo(op, domain string, in, out []string, attrs ...attr) {
	var m protowire.Message
	for _, s := range in {
		m.String(nodeInput, s)
		e.used[s] = true
	}
	for _, s := range out {
		m.String(nodeOutput, s)
	}
	e.report.Nodes++
	name := op + "_" + strconv.Itoa(e.report.Nodes)
	if e.at != nil && e.at.Origin != "" {
		name = e.at.Origin + "/" + name
	}
	m.String(nodeName, name)
	m.String(nodeOp, op)
	for _, a := range attrs {
		m.Message(nodeAttr, e.attribute(a))
	}
	if domain != "" {
		m.String(nodeDomain, domain)
	}
	e.nodes.Message(graphNode, &m)
}

// tensor adds a constant and returns its name. The same tensor is added once.
func (e *encoder) tensor(t *tensor.Tensor) string {
	key := constKey{t, e.elem(t.DType)}
	if s, ok := e.consts[key]; ok {
		return s
	}
	s := e.fresh()
	e.inits.Message(graphInit, e.tensorProto(s, t))
	e.consts[key] = s
	if t.DType == tensor.Float64 && key.elem == elemDouble && t.Len() == 1 {
		if v := t.F64[0]; v != 1 && float32(v) == 1 || v != 0 && float32(v) == 0 {
			e.neutral[s] = t
		}
	}
	return s
}

// ints adds a one-dimensional constant of integers.
func (e *encoder) ints(vs ...int) string {
	key := fmt.Sprint("i", vs)
	if s, ok := e.shared[key]; ok {
		return s
	}
	t := tensor.New(tensor.Int64, len(vs))
	for i, v := range vs {
		t.I64[i] = int64(v)
	}
	e.shared[key] = e.tensor(t)
	return e.shared[key]
}

// scalar adds a constant number of a dtype, without dimensions.
func (e *encoder) scalar(v float64, d tensor.DType) string {
	key := fmt.Sprint("s", v, d, e.elem(d), 1/v)
	if s, ok := e.shared[key]; ok {
		return s
	}
	t := tensor.New(d)
	switch d.Storage() {
	case tensor.F64:
		t.F64[0] = v
	case tensor.F32:
		t.F32[0] = float32(v)
	case tensor.I64:
		t.I64[0] = int64(v)
	case tensor.U8:
		t.U8[0] = uint8(v)
	}
	e.shared[key] = e.tensor(t)
	return e.shared[key]
}

// cast converts between dtypes; without a node where the element types are the same.
func (e *encoder) cast(s string, from, to tensor.DType) string {
	if e.elem(from) == e.elem(to) {
		return s
	}
	return e.add("Cast", []string{s}, attr{"to", e.elem(to)})
}

// inDouble keeps an encoding in double where the model is compact: its constants lie too close together for float.
func inDouble(f encode) encode {
	return func(e *encoder, n *graph.Node) ([]value, error) {
		t := e.inType(0)
		if e.opts.Precision != Compact || t.Kind == graph.Frame || t.DType != tensor.Float64 {
			return f(e, n)
		}
		in := e.vals[n.In[0]]
		e.vals[n.In[0]] = value{name: e.add("Cast", []string{e.in(0)}, attr{"to", elemDouble})}
		e.opts.Precision = Exact
		out, err := f(e, n)
		e.opts.Precision = Compact
		e.vals[n.In[0]] = in
		if err == nil && e.outType(0).DType == tensor.Float64 {
			out = one(e.add("Cast", []string{out[0].name}, attr{"to", elemFloat}))
		}
		return out, err
	}
}

// model joins everything.
func (e *encoder) model() (*protowire.Message, error) {
	name := e.opts.Name
	if name == "" {
		name = "model"
	}
	gm := &protowire.Message{}
	gm.String(graphName, name)
	e.at = nil
	ends := &protowire.Message{}
	in := func(name string, elem int, shape []int) {
		gm.Message(graphInput, valueInfo(name, elem, shape))
		e.report.Inputs = append(e.report.Inputs, Port{name, typeNames[elem], shape})
	}
	out := func(name string, elem int, shape []int) {
		ends.Message(graphOutput, valueInfo(name, elem, shape))
		e.report.Outputs = append(e.report.Outputs, Port{name, typeNames[elem], shape})
	}
	for _, o := range e.g.Outputs {
		t, v := e.g.Types[o.ID], e.vals[o.ID]
		if t.Kind != graph.Frame {
			if e.elem(t.DType) == 0 {
				return nil, &graph.UnsupportedError{Target: Name, Why: fmt.Sprintf("no tensor holds %s, which is what %s gives", t.DType, o.Name)}
			}
			name := e.port(o.Name)
			e.addTo("Identity", "", []string{e.nameOf(o.ID)}, []string{name})
			out(name, e.elem(t.DType), t.Shape)
			continue
		}
		for j, c := range t.Columns {
			name := cmp.Or(c.Name, fmt.Sprintf("%s%d", o.Name, j))
			name = e.port(name, o.Name+"."+name)
			e.addTo("Identity", "", []string{v.cols[j]}, []string{name})
			out(name, e.elem(c.DType), []int{graph.N, 1})
		}
	}
	for i := range e.g.Nodes {
		n := &e.g.Nodes[i]
		if n.Op != graph.OpInput {
			continue
		}
		t := e.g.Types[n.Out[0]]
		v := e.vals[n.Out[0]]
		if t.Kind != graph.Frame {
			in(v.name, e.elem(t.DType), t.Shape)
			continue
		}
		for j, c := range t.Columns {
			if e.used[v.cols[j]] || !slices.ContainsFunc(v.cols, func(s string) bool { return e.used[s] }) {
				in(v.cols[j], e.elem(c.DType), []int{graph.N, 1})
			}
		}
	}
	e.report.Opset, e.report.MLOpset, e.report.MSOpset = e.opset, e.ml, e.ms
	gm.Append(&e.nodes)
	gm.Append(&e.inits)
	gm.Append(ends)
	gm.Append(&e.infos)

	m := &protowire.Message{}
	ir := int64(8)
	if e.opset >= 20 {
		ir = 9
	}
	if e.ml >= 5 {
		ir = 10
	}
	m.Int(modelIR, ir)
	m.String(modelProducer, "larder")
	if e.opts.Version != "" {
		m.String(modelProducerVersion, e.opts.Version)
	}
	if e.opts.Doc != "" {
		m.String(modelDoc, e.opts.Doc)
	}
	m.Message(modelGraph, gm)
	imports := func(domain string, version int) {
		var o protowire.Message
		o.String(1, domain)
		o.Int(2, int64(version))
		m.Message(modelOpset, &o)
	}
	imports("", e.opset)
	if e.ml > 0 {
		imports("ai.onnx.ml", e.ml)
	}
	if e.ms > 0 {
		imports("com.microsoft", e.ms)
	}
	meta := map[string]string{}
	for k, v := range e.opts.Metadata {
		meta[k] = v
	}
	if len(e.report.Dropped) > 0 {
		b, err := json.Marshal(e.report.Dropped)
		if err != nil {
			return nil, err
		}
		meta["larder.dropped"] = string(b)
	}
	for x := range e.report.EmptyText {
		if !slices.Contains(e.inputNames(), x) {
			delete(e.report.EmptyText, x) // made inside
		}
	}
	if len(e.report.EmptyText) > 0 {
		b, err := json.Marshal(e.report.EmptyText)
		if err != nil {
			return nil, err
		}
		meta["larder.empty_text"] = string(b)
	}
	keys := make([]string, 0, len(meta))
	for k := range meta {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		var p protowire.Message
		p.String(1, k)
		p.String(2, meta[k])
		m.Message(modelMetadata, &p)
	}
	return m, nil
}

func (e *encoder) inputNames() []string {
	var names []string
	for _, id := range e.g.Inputs {
		if v := e.vals[id]; v.cols != nil {
			names = append(names, v.cols...)
		} else {
			names = append(names, v.name)
		}
	}
	return names
}
