package onnx

import (
	"fmt"
	"maps"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// Model is a file whose messages were read; nothing of it was computed.
type Model struct {
	IR                        int64
	Producer, ProducerVersion string
	Opsets                    map[string]int64 // by domain, "" for the main one
	Metadata                  map[string]string
	Inputs                    []Input // those that no constant of the file fills
	Outputs                   []string
	External                  []string // constants whose numbers are in other files
	Graph                     []byte   // the GraphProto

	nodes   []*nodeProto
	consts  map[string][]byte
	domains map[string]bool // of all operations, those of inner graphs and functions too
}

// Input is what a model takes: rows first. Err says why it can not be given.
type Input struct {
	Name string
	Type graph.Type
	Err  error
}

// oldestOpset and lastOpset are the first and the last set of operations in which those that are read mean what they mean here.
const oldestOpset, lastOpset = 7, 22

// Parse reads the messages of a model. A *SyntaxError says what is malformed.
func Parse(b []byte) (*Model, error) {
	m, err := parse(b)
	if err != nil {
		return nil, err
	}
	gs := m.all(modelGraph)
	if len(gs) != 1 {
		return nil, &SyntaxError{Msg: "no graph"}
	}
	out := &Model{IR: m.int(modelIR), Producer: m.text(modelProducer), ProducerVersion: m.text(modelProducerVersion), Graph: gs[0],
		Opsets: map[string]int64{}, Metadata: map[string]string{}, consts: map[string][]byte{}, domains: map[string]bool{}}
	for _, p := range m.all(modelOpset) {
		o, err := parse(p)
		if err != nil {
			return nil, err
		}
		domain := o.text(1)
		if domain == "ai.onnx" {
			domain = ""
		}
		out.Opsets[domain] = o.int(2)
	}
	for _, p := range m.all(modelMetadata) {
		e, err := parse(p)
		if err != nil {
			return nil, err
		}
		out.Metadata[e.text(1)] = e.text(2)
	}
	g, err := parse(gs[0])
	if err != nil {
		return nil, err
	}
	for _, p := range g.all(graphInit) {
		t, err := parse(p)
		if err != nil {
			return nil, err
		}
		name := t.text(tensorName)
		out.consts[name] = p
		if t.external() {
			out.External = append(out.External, name)
		}
	}
	for _, p := range g.all(graphInput) {
		in, err := readInput(p)
		if err != nil {
			return nil, err
		}
		if _, filled := out.consts[in.Name]; filled {
			continue // as files of before IR 4 list them
		}
		if slices.ContainsFunc(out.Inputs, func(o Input) bool { return o.Name == in.Name }) {
			return nil, &SyntaxError{Node: in.Name, Msg: "two inputs of one name"}
		}
		out.Inputs = append(out.Inputs, in)
	}
	for _, p := range g.all(graphOutput) {
		info, err := parse(p)
		if err != nil {
			return nil, err
		}
		out.Outputs = append(out.Outputs, info.text(1))
	}
	if len(out.Outputs) == 0 {
		return nil, &SyntaxError{Msg: "no outputs"}
	}
	for _, p := range g.all(graphNode) {
		n, err := readNode(p)
		if err != nil {
			return nil, err
		}
		if out.Opsets[n.domain] == 0 {
			return nil, &SyntaxError{Node: n.name, Msg: fmt.Sprintf("the operations of %q are not named", n.domain)}
		}
		out.nodes = append(out.nodes, n)
	}
	if err := out.inner(g, 0); err != nil {
		return nil, err
	}
	for _, p := range m.all(modelFunction) {
		f, err := parse(p)
		if err != nil {
			return nil, err
		}
		if err := out.inside(f.all(functionNode), 0); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Fields of what is looked through only.
const (
	modelFunction, functionNode, graphSparse                      = 25, 7, 15
	attrTensors, attrGraphs, attrSparse, attrSparses, sparseValue = 10, 11, 22, 23, 1
	sparseIndex                                                   = 2
)

const maxGraphs = 32 // within one another

// inner looks through a graph for numbers in other files and operations of other libraries, wherever they stand.
func (m *Model) inner(g message, depth int) error {
	for _, p := range g.all(graphSparse) {
		if err := m.sparse(p); err != nil {
			return err
		}
	}
	if depth > 0 { // those of the outermost are known
		for _, p := range g.all(graphInit) {
			if err := m.constant(p); err != nil {
				return err
			}
		}
	}
	return m.inside(g.all(graphNode), depth)
}

func (m *Model) constant(p []byte) error {
	t, err := parse(p)
	if err == nil && t.external() {
		m.External = append(m.External, t.text(tensorName))
	}
	return err
}

func (m *Model) sparse(p []byte) error {
	s, err := parse(p)
	if err != nil {
		return err
	}
	for _, t := range slices.Concat(s.all(sparseValue), s.all(sparseIndex)) {
		if err := m.constant(t); err != nil {
			return err
		}
	}
	return nil
}

func (m *Model) inside(nodes [][]byte, depth int) error {
	if depth > maxGraphs {
		return &SyntaxError{Msg: "graphs nest too deep"}
	}
	for _, p := range nodes {
		n, err := parse(p)
		if err != nil {
			return err
		}
		m.domains[n.text(nodeDomain)] = true
		for _, p := range n.all(nodeAttr) {
			a, err := parse(p)
			if err != nil {
				return err
			}
			for _, t := range slices.Concat(a.all(attrT), a.all(attrTensors)) {
				if err := m.constant(t); err != nil {
					return err
				}
			}
			for _, s := range slices.Concat(a.all(attrSparse), a.all(attrSparses)) {
				if err := m.sparse(s); err != nil {
					return err
				}
			}
			for _, p := range slices.Concat(a.all(attrG), a.all(attrGraphs)) {
				g, err := parse(p)
				if err == nil {
					err = m.inner(g, depth+1)
				}
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// readInput reads what an input is: rows first, the other dimensions fixed.
func readInput(p []byte) (in Input, err error) {
	info, err := parse(p)
	if err != nil {
		return in, err
	}
	in.Name = info.text(1)
	at := func(m message, field int) message {
		var inner message
		if bs := m.all(field); err == nil && len(bs) > 0 {
			inner, err = parse(bs[0])
		}
		return inner
	}
	tt := at(at(info, 2), 1)
	dims := at(tt, 2)
	if err != nil {
		return in, err
	}
	for i, p := range dims.all(1) {
		dim, err := parse(p)
		if err != nil {
			return in, err
		}
		size := dim.int(1)
		switch {
		case i == 0 && size == 0:
			size = graph.N
		case i == 0 || size < 1 || size > maxWidth:
			in.Err = &graph.UnsupportedError{Origin: in.Name, Why: "an input is not rows of a fixed width"}
		}
		in.Type.Shape = append(in.Type.Shape, int(size))
	}
	var ok bool
	if in.Type.DType, ok = elemTypes[tt.int(1)]; !ok || len(in.Type.Shape) == 0 {
		in.Err = &graph.UnsupportedError{Origin: in.Name, Why: "an input is no tensor of rows"}
	}
	return in, nil
}

func readNode(p []byte) (*nodeProto, error) {
	m, err := parse(p)
	if err != nil {
		return nil, err
	}
	n := &nodeProto{name: m.text(nodeName), op: m.text(nodeOp), domain: m.text(nodeDomain), in: m.texts(nodeInput), out: m.texts(nodeOutput), attrs: map[string]message{}}
	if n.domain == "ai.onnx" {
		n.domain = ""
	}
	for _, a := range m.all(nodeAttr) {
		am, err := parse(a)
		if err != nil {
			return nil, err
		}
		n.attrs[am.text(attrName)] = am
	}
	if n.name == "" && len(n.out) > 0 {
		n.name = n.op + " of " + n.out[0]
	}
	return n, nil
}

// Domains lists the domains of the operations that are neither ONNX's own nor ONNX Runtime's, sorted.
func (m *Model) Domains() []string {
	own := map[string]bool{}
	for d := range m.domains {
		switch d {
		case "", "ai.onnx", "ai.onnx.ml", "com.microsoft":
		default:
			own[d] = true
		}
	}
	return slices.Sorted(maps.Keys(own))
}

// Ops counts the operations, those outside the main domain by domain and name.
func (m *Model) Ops() map[string]int {
	ops := map[string]int{}
	for _, n := range m.nodes {
		ops[n.key()]++
	}
	return ops
}

// Decode reads a model into a dataflow graph: see Model.Lower.
func Decode(b []byte) (*graph.Graph, error) {
	m, err := Parse(b)
	if err != nil {
		return nil, err
	}
	gb := graph.NewBuilder()
	in := make([]graph.Value, len(m.Inputs))
	for i, p := range m.Inputs {
		if p.Err != nil {
			return nil, p.Err
		}
		in[i] = gb.Input(p.Name, p.Type)
	}
	out, err := m.Lower(gb, in, m.Outputs...)
	if err != nil {
		return nil, err
	}
	for i, v := range out {
		gb.Output(m.Outputs[i], v)
	}
	return gb.Build()
}

// Lower adds to a graph what outputs need, of values for the inputs: the operations that Encode writes, those of
// scikit-learn's other converter (skl2onnx) that are formulas, and that rows of a batch pass through one by one. Sorting, loops
// and the splitting of text have no operation in a graph: they are a *graph.UnsupportedError that names the ONNX operation and
// the node. Checks that Encode dropped stay dropped. A list of mappings from class to probability (ZipMap) stays the matrix that it is made of.
//
// Sums of a row are added from left to right; an ensemble's trees one after the other, in double where its input is, else
// in double and rounded to float: ONNX Runtime adds in float, in an order of its own.
func (m *Model) Lower(b *graph.Builder, in []graph.Value, outputs ...string) ([]graph.Value, error) {
	if v, ok := m.Opsets[""]; ok && (v < oldestOpset || v > lastOpset) {
		return nil, &graph.UnsupportedError{Why: fmt.Sprintf("ONNX operator set %d: %d to %d are read", v, oldestOpset, lastOpset)}
	}
	d := &decoder{b: b, vals: map[string]graph.Value{}, fixed: map[string]*tensor.Tensor{}, shapes: map[string]graph.Value{}, lying: map[string]bool{}, opset: m.Opsets[""]}
	need := map[string]bool{}
	for _, o := range outputs {
		need[o] = true
	}
	use := make([]bool, len(m.nodes))
	for i, n := range slices.Backward(m.nodes) {
		if use[i] = slices.ContainsFunc(n.out, func(o string) bool { return need[o] }); use[i] {
			for _, name := range n.in {
				need[name] = true
			}
		}
	}
	for name, p := range m.consts {
		if !need[name] {
			continue
		}
		_, t, err := readTensor(p)
		if err != nil {
			return nil, err
		}
		d.fixed[name] = t
	}
	for i, v := range in {
		d.vals[m.Inputs[i].Name] = v
	}
	for i, n := range m.nodes {
		if use[i] {
			if err := d.node(n); err != nil {
				return nil, err
			}
		}
	}
	out := make([]graph.Value, len(outputs))
	for i, name := range outputs {
		v, ok := d.vals[name]
		switch {
		case !ok:
			return nil, &SyntaxError{Msg: fmt.Sprintf("nothing computes the output %q", name)}
		case d.lying[name]:
			return nil, &graph.UnsupportedError{Origin: name, Why: "the output is a row of all rows' values"}
		}
		out[i] = v
	}
	return out, nil
}

// Labels gives the classes that an output names, its own or those of the operation that makes it; nil where there are none.
func (m *Model) Labels(output string) *tensor.Tensor {
	for range m.nodes {
		i := slices.IndexFunc(m.nodes, func(n *nodeProto) bool { return slices.Contains(n.out, output) })
		if i < 0 {
			return nil
		}
		n := m.nodes[i]
		for _, name := range []string{"classlabels_strings", "classlabels_int64s", "classlabels_ints"} {
			if texts := n.texts(name); texts != nil {
				return tensor.FromStr(texts)
			}
			if whole, err := n.attrs[name].ints(attrInts); err == nil && whole != nil {
				return tensor.FromI64(whole)
			}
		}
		switch n.op {
		case "Gather", "ArrayFeatureExtractor":
			if !n.has(0) || m.consts[n.in[0]] == nil {
				return nil
			}
			if _, t, err := readTensor(m.consts[n.in[0]]); err == nil && t.Len() == max(1, slices.Max(append([]int{0}, t.Shape...))) {
				return t.Reshape(t.Len())
			}
			return nil
		case "Cast", "Reshape", "Identity", "Squeeze":
			if !n.has(0) {
				return nil
			}
			output = n.in[0]
		default:
			return nil
		}
	}
	return nil
}
