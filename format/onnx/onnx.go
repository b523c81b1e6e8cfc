// Package onnx writes dataflow graphs as ONNX models, and reads ONNX models as dataflow graphs: its own and those of other writers.
//
// A graph's operations are expressed by operations of the main domain and of ai.onnx.ml, nothing else but ONNX Runtime's own
// com.microsoft Tokenizer where text is split; what can not be
// is refused with a *graph.UnsupportedError that names the operation, the estimator and the reason. Sparse and one-hot
// values become dense; rows that are given are dense ones, which scikit-learn's QuantileTransformer treats otherwise than
// sparse ones. A Frame input becomes one input per column that is used, of shape [N, 1]; text has no missing
// value in ONNX, so empty text stands for one: for NaN or for None, whichever the model asks for, as the metadata say
// under "larder.empty_text". A Frame output is one output per column. A column whose name is taken has the output's before
// it, or a number behind it.
//
// Guards (refusals at run time) have no ONNX form: they are dropped, listed in the Report and in the model's metadata
// under "larder.dropped".
//
// # Security
//
// Decode calls nothing and keeps to what the file's bytes can hold: lists are as long as their contents, a value has at most
// 2^24 columns, a tree's node has one parent. What a graph holds is checked again as it runs.
//
// # Compatibility
//
// Models import the operator set 18, and of ai.onnx.ml what they need: ONNX Runtime 1.14 and later run them, models
// with trees (ai.onnx.ml 5) ONNX Runtime 1.20 and later. Models of text import the operator set 20.
//
// Read are the operator sets 7 to 22, and of ai.onnx.ml the trees, linear models, support vector machines, encoders and scalers in any version.
package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/larder-ml/larder/graph"
)

// Name is the format's name.
const Name = "onnx"

// Sniff reports whether a file may be an ONNX model: a ModelProto that begins with its IR version.
func Sniff(prefix []byte) bool {
	return len(prefix) > 3 && prefix[0] == 0x08 && prefix[1] > 0 && prefix[1] < 0x20 && bytes.IndexByte([]byte{0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72}, prefix[2]) >= 0
}

// Precision says what float64 becomes.
type Precision uint8

// The precisions.
const (
	Exact   Precision = iota // float64 stays double
	Compact                  // float64 becomes float: half the size, about seven digits
)

// Options of Encode.
type Options struct {
	Precision Precision
	Name      string            // of the ONNX graph; "model" when empty
	Version   string            // of the program, for producer_version
	Doc       string            // doc_string
	Metadata  map[string]string // metadata_props
}

// Report says what the model needs and what was left out.
type Report struct {
	Opset, MLOpset, MSOpset int // MLOpset 0: ai.onnx.ml is not used; MSOpset: com.microsoft
	Inputs, Outputs         []Port
	Nodes                   int
	Bytes                   int64
	Dropped                 []Dropped
	// EmptyText says what empty text stands for in inputs where that matters: "nan" or "None". The other one can not be
	// given.
	EmptyText map[string]string
}

// Port is an input or output.
type Port struct {
	Name  string `json:"name"`
	Type  string `json:"type"`  // as ONNX Runtime spells it: "tensor(float)"
	Shape []int  `json:"shape"` // -1 is the number of rows
}

// Dropped is a check of scikit-learn's that the ONNX model does not make.
type Dropped struct {
	Origin string `json:"origin"`
	Check  string `json:"check"` // the words it would refuse with, or what it would do
}

// Encode writes g as an ONNX model. The error joins a
// *graph.UnsupportedError for everything that has no ONNX form.
func Encode(w io.Writer, g *graph.Graph, opts Options) (*Report, error) {
	g = graph.Merge(g)
	typedLabels(g)
	e := newEncoder(g, opts)
	var refused []error
	for i := range g.Nodes {
		if err := e.try(&g.Nodes[i]); err != nil && !slices.ContainsFunc(refused, func(r error) bool { return r.Error() == err.Error() }) {
			refused = append(refused, err)
		}
	}
	if refused != nil {
		return nil, errors.Join(refused...)
	}
	m, err := e.model()
	if err != nil {
		return nil, err
	}
	if m.Len() > maxModel {
		return nil, &graph.UnsupportedError{Target: Name, Why: fmt.Sprintf("the model has %d bytes, a protocol buffer at most %d", m.Len(), maxModel)}
	}
	if _, err := m.WriteTo(w); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	e.report.Bytes = int64(m.Len())
	return &e.report, nil
}

// maxModel is what the protocol buffers' libraries read.
const maxModel = 1<<31 - 1
