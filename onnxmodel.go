package larder

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/larder-ml/larder/format/onnx"
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// onnxClass stands for the class of a model that is an ONNX file.
const onnxClass = "ModelProto"

// decodeONNX describes an ONNX file as an object: nothing of it is Python's, the graph is there by its digest.
func decodeONNX(src *source.Source, lim source.Limits) (*pyobj.Doc, error) {
	b, err := src.View(0, src.Len())
	if err != nil {
		return nil, err
	}
	if n := int64(len(b)); n > lim.File {
		return nil, &source.LimitError{Limit: "file", Value: n, Max: lim.File, Offset: -1}
	}
	doc := &pyobj.Doc{Format: onnx.Name, Protocol: -1, Size: int64(len(b)), Stream: int64(len(b))}
	m, err := onnx.Parse(b)
	if err != nil {
		return doc, err
	}
	texts := func(list []string) *pyobj.List {
		l := &pyobj.List{}
		for _, s := range list {
			l.Items = append(l.Items, pyobj.Str(s))
		}
		return l
	}
	named := func(names []string, value func(string) pyobj.Value) *pyobj.Dict {
		d := &pyobj.Dict{}
		for _, n := range names {
			d.Set(pyobj.Str(n), value(n))
		}
		return d
	}
	state := &pyobj.Dict{}
	state.Set(pyobj.Str("producer_name"), pyobj.Str(m.Producer))
	state.Set(pyobj.Str("producer_version"), pyobj.Str(m.ProducerVersion))
	state.Set(pyobj.Str("ir_version"), pyobj.Int(m.IR))
	state.Set(pyobj.Str("opset_import"), named(slices.Sorted(maps.Keys(m.Opsets)), func(d string) pyobj.Value { return pyobj.Int(m.Opsets[d]) }))
	state.Set(pyobj.Str("metadata_props"), named(slices.Sorted(maps.Keys(m.Metadata)), func(k string) pyobj.Value { return pyobj.Str(m.Metadata[k]) }))
	var inputs []string
	for _, in := range m.Inputs {
		inputs = append(inputs, in.Name)
	}
	state.Set(pyobj.Str("input"), texts(inputs))
	state.Set(pyobj.Str("output"), texts(m.Outputs))
	ops := m.Ops()
	state.Set(pyobj.Str("operations"), named(slices.Sorted(maps.Keys(ops)), func(o string) pyobj.Value { return pyobj.Int(ops[o]) }))
	state.Set(pyobj.Str("graph"), pyobj.Str(fmt.Sprintf("%d bytes, sha256 %x", len(m.Graph), sha256.Sum256(m.Graph))))
	doc.Root = &pyobj.Object{Class: &pyobj.Global{Module: onnx.Name, Name: onnxClass}, State: state, Offset: -1}
	doc.Writer = strings.TrimSpace(m.Producer + " " + m.ProducerVersion)
	if m.External != nil {
		doc.Notes = append(doc.Notes, pyobj.Note{Rule: "external-data", Level: pyobj.LevelRefuse, Offset: -1,
			Message: fmt.Sprintf("numbers are in other files, which the path in the file names: %s", clipList(m.External))})
	}
	if own := m.Domains(); own != nil {
		doc.Notes = append(doc.Notes, pyobj.Note{Rule: "custom-operations", Level: pyobj.LevelSuspect, Offset: -1,
			Message: "operations of a library that a runtime would have to load: " + clipList(own)})
	}
	return doc, nil
}

// notPython refuses to make an object of Python's of an ONNX model.
func (m *Model) notPython(target string) error {
	if m.doc.Format != onnx.Name {
		return nil
	}
	return &graph.UnsupportedError{Target: target, Origin: m.path, Why: "an ONNX model is a computation: no estimator, and nothing that Python unpickles, can be made of it"}
}

// clipList names the first few.
func clipList(names []string) string {
	if len(names) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), len(names)-5)
	}
	return strings.Join(names, ", ")
}

// onnxModel is an ONNX file as an estimator: its methods are the file's outputs.
type onnxModel struct {
	sklearn.Base
	file    *onnx.Model
	outputs map[string][]string // of each method
	labels  *tensor.Tensor      // of a classifier
	out     map[string]graph.Type
}

// bindONNX makes an estimator of an ONNX file.
func bindONNX(src *source.Source, path string) (sklearn.Estimator, error) {
	b, err := src.View(0, src.Len())
	if err != nil {
		return nil, err
	}
	file, err := onnx.Parse(b)
	if err != nil {
		return nil, err
	}
	m := &onnxModel{Base: sklearn.Base{Path: path, Class: &sklearn.Class{Name: onnx.Name + "." + onnxClass}}, file: file, out: map[string]graph.Type{}}
	for _, in := range file.Inputs {
		t := in.Type
		switch {
		case in.Err != nil:
			return nil, in.Err
		case t.Shape[0] != graph.N || t.Rank() > 2:
			return nil, &graph.UnsupportedError{Origin: in.Name, Why: fmt.Sprintf("an input of shape %v is no table", t.Shape)}
		}
		m.NFeaturesIn += t.Width()
	}
	if len(file.Inputs) == 0 {
		return nil, &graph.UnsupportedError{Origin: path, Why: "the ONNX model takes nothing"}
	}
	if len(file.Inputs) > 1 {
		for _, in := range file.Inputs {
			for j := range in.Type.Width() {
				name := in.Name
				if in.Type.Width() > 1 {
					name = fmt.Sprintf("%s%d", in.Name, j)
				}
				m.FeatureNamesIn = append(m.FeatureNamesIn, name)
			}
		}
	}
	// Lowered once, for what the outputs are; a method needs its own alone, so one that is not read does not end the others.
	var first error
	for _, o := range file.Outputs {
		gb := graph.NewBuilder()
		in := make([]graph.Value, len(file.Inputs))
		for i, p := range file.Inputs {
			in[i] = gb.Input(p.Name, p.Type)
		}
		out, err := file.Lower(gb, in, o)
		if err != nil {
			first = errors.Join(first, err)
			continue
		}
		m.out[o] = out[0].Type()
	}
	if len(m.out) == 0 {
		if list, ok := first.(interface{ Unwrap() []error }); ok {
			first = list.Unwrap()[0]
		}
		return nil, first
	}
	m.name()
	return m, nil
}

// outputNames are what writers call the outputs of scikit-learn's methods.
var outputNames = map[string]string{
	"label": sklearn.MethodPredict, "output_label": sklearn.MethodPredict, "variable": sklearn.MethodPredict,
	"probabilities": sklearn.MethodPredictProba, "output_probability": sklearn.MethodPredictProba, "probability": sklearn.MethodPredictProba,
	"scores": sklearn.MethodDecisionFunction, "transformed_column": sklearn.MethodTransform,
}

// ownMethods are those that an ONNX file of one method can be of.
var ownMethods = []string{sklearn.MethodPredict, sklearn.MethodPredictProba, sklearn.MethodPredictLogProba, sklearn.MethodDecisionFunction,
	sklearn.MethodTransform, sklearn.MethodInverseTransform, sklearn.MethodScoreSamples, sklearn.MethodApply, sklearn.MethodKNeighbors, sklearn.MethodPredictStd}

// name finds the method of each output: by what the file's writer calls it, else the first is predict.
func (m *onnxModel) name() {
	m.outputs = map[string][]string{}
	outs := m.file.Outputs
	if own := m.file.Metadata[onnxMethod]; slices.Contains(ownMethods, own) && outs[0] != "label" {
		m.outputs[own] = outs
		return
	}
	for i, o := range outs {
		method := outputNames[o]
		switch {
		case slices.Contains(ownMethods, o):
			method = o
		case method == "" && i == 0:
			method = sklearn.MethodPredict
		}
		if method == sklearn.MethodPredict {
			m.labels = m.file.Labels(o)
		}
		t, read := m.out[o]
		if method == sklearn.MethodDecisionFunction && m.labels == nil && read && t.Width() > 1 {
			method = sklearn.MethodTransform // a clusterer's distances
		}
		if method != "" && m.outputs[method] == nil {
			m.outputs[method] = []string{o}
		}
	}
}

// Available says which methods the outputs are of.
func (m *onnxModel) Available(method string) error {
	if m.outputs[method] == nil {
		return fmt.Errorf("the ONNX model gives %s", strings.Join(m.file.Outputs, ", "))
	}
	for _, o := range m.outputs[method] {
		if _, ok := m.out[o]; !ok {
			return sklearn.NotComputed("the output %s is of operations that are not read", o)
		}
	}
	return nil
}

// ClassLabels gives the classes that the labels are of.
func (m *onnxModel) ClassLabels() []sklearn.ClassLabels {
	if m.labels == nil {
		return nil
	}
	return []sklearn.ClassLabels{m.labels}
}

// DescribeInput tells the types of the inputs.
func (m *onnxModel) DescribeInput(in *sklearn.Input) *sklearn.Input {
	if t := m.file.Inputs[0].Type; len(m.file.Inputs) == 1 && t.Rank() == 1 {
		in.Form = sklearn.FormVector
		if t.DType == tensor.String {
			in.Form = sklearn.FormTexts
		}
	}
	j := 0
	for _, p := range m.file.Inputs {
		for range p.Type.Width() {
			switch d := p.Type.DType; {
			case d.IsFloat():
				in.Columns[j].Read(tensor.Float64)
			case d.IsInt():
				in.Columns[j].Read(tensor.Int64)
			default:
				in.Columns[j].Read(d)
			}
			j++
		}
	}
	return nil
}

// call computes a method. Rows take the types of the inputs, missing text is empty text.
func (m *onnxModel) call(b *graph.Builder, method string, x graph.Value) graph.Value {
	t := x.Type()
	if t.Kind == graph.CSR {
		x = b.ToDense(x)
	}
	one := len(m.file.Inputs) == 1 && m.file.Inputs[0].Type.Rank() == 1
	switch {
	case t.Kind != graph.Dense && t.Kind != graph.CSR && t.Kind != graph.Frame, t.Rank() != 2 && !one:
		return b.Refuse("the ONNX model takes a table of %d columns", m.NFeaturesIn)
	case x.Width() != m.NFeaturesIn && !one:
		return b.RefuseWidth(m.NFeaturesIn, "X has %d features, but the ONNX model is expecting %d features as input.", x.Width(), m.NFeaturesIn)
	}
	in := make([]graph.Value, len(m.file.Inputs))
	at := 0
	for i, p := range m.file.Inputs {
		w := p.Type.Width()
		switch {
		case x.Type().Kind == graph.Dense && w == x.Width():
			in[i] = m.typed(b, x, p.Type.DType)
			if one {
				in[i] = b.Ravel(in[i])
			}
		case p.Type.DType == tensor.String && w > 1:
			return b.Unsupported("", "the input %s of %d columns of text is given by no table", p.Name, w)
		default:
			parts := make([]graph.Value, w)
			for j := range parts {
				parts[j] = b.AsColumn(m.typed(b, b.Column(x, at+j), p.Type.DType))
			}
			if in[i] = parts[0]; w > 1 {
				in[i] = b.Cast(b.HStack(false, parts...), p.Type.DType)
			} else if one {
				in[i] = b.Ravel(parts[0])
			}
		}
		at += w
	}
	names := m.outputs[method]
	out, err := m.file.Lower(b, in, names...)
	if err != nil {
		return b.Fail(err)
	}
	if len(out) == 1 {
		if y := out[0]; method == sklearn.MethodPredict && y.Type().Rank() == 2 && y.Width() == 1 {
			return b.Ravel(y)
		}
		return out[0]
	}
	for i := range out {
		out[i] = out[i].Named(names[i])
	}
	return b.Tuple(out...)
}

// typed gives a column or matrix the type of an input.
func (m *onnxModel) typed(b *graph.Builder, x graph.Value, to tensor.DType) graph.Value {
	switch {
	case !x.OK() || x.DType() == to:
		return x
	case to == tensor.String && x.DType() == tensor.Object:
		none := b.Const(tensor.FromCells([]tensor.Cell{tensor.StrCell("")}).Reshape())
		return b.Cast(b.Where(b.IsMissing(x, graph.Missing{Any: true}), none, x), to)
	case to == tensor.String, !x.DType().IsNumeric() && x.DType() != tensor.Bool && x.DType() != tensor.Object:
		return b.Refuse("%s is given where the ONNX model takes %s", x.DType(), to)
	}
	return b.Cast(x, to)
}

// The methods that an output can be of.
func (m *onnxModel) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return m.call(b, sklearn.MethodPredict, x)
}

func (m *onnxModel) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return m.call(b, sklearn.MethodPredictProba, x)
}

func (m *onnxModel) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return m.call(b, sklearn.MethodPredictLogProba, x)
}

func (m *onnxModel) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	return m.call(b, sklearn.MethodDecisionFunction, x)
}

func (m *onnxModel) Transform(b *graph.Builder, x graph.Value) graph.Value {
	return m.call(b, sklearn.MethodTransform, x)
}

func (m *onnxModel) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	return m.call(b, sklearn.MethodInverseTransform, x)
}

func (m *onnxModel) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	return m.call(b, sklearn.MethodScoreSamples, x)
}

func (m *onnxModel) Apply(b *graph.Builder, x graph.Value) graph.Value {
	return m.call(b, sklearn.MethodApply, x)
}

func (m *onnxModel) KNeighbors(b *graph.Builder, x graph.Value) graph.Value {
	return m.call(b, sklearn.MethodKNeighbors, x)
}

func (m *onnxModel) PredictStd(b *graph.Builder, x graph.Value) graph.Value {
	return m.call(b, sklearn.MethodPredictStd, x)
}

// FeatureNamesOut names the columns of a transformer that has an output for each.
func (m *onnxModel) FeatureNamesOut([]string) ([]string, error) {
	if outs := m.outputs[sklearn.MethodTransform]; len(outs) > 1 {
		return outs, nil
	}
	return nil, &sklearn.MethodError{Path: m.Path, Class: m.Name(), Method: "get_feature_names_out"}
}
