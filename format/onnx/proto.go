package onnx

import (
	"encoding/binary"
	"io"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/protowire"
	"github.com/larder-ml/larder/tensor"
)

// Element types of TensorProto.
const (
	elemFloat  = 1
	elemUint8  = 2
	elemInt8   = 3
	elemUint16 = 4
	elemInt16  = 5
	elemInt32  = 6
	elemInt64  = 7
	elemString = 8
	elemBool   = 9
	elemHalf   = 10
	elemDouble = 11
	elemUint32 = 12
	elemUint64 = 13
)

var typeNames = map[int]string{elemFloat: "tensor(float)", elemUint8: "tensor(uint8)", elemInt8: "tensor(int8)", elemUint16: "tensor(uint16)",
	elemInt16: "tensor(int16)", elemInt32: "tensor(int32)", elemInt64: "tensor(int64)", elemString: "tensor(string)", elemBool: "tensor(bool)",
	elemHalf: "tensor(float16)", elemDouble: "tensor(double)", elemUint32: "tensor(uint32)", elemUint64: "tensor(uint64)"}

// Fields of onnx.proto that are read or written.
const (
	modelIR, modelProducer, modelProducerVersion, modelDoc, modelGraph, modelOpset, modelMetadata = 1, 2, 3, 6, 7, 8, 14

	graphNode, graphName, graphInit, graphInput, graphOutput, graphValue = 1, 2, 5, 11, 12, 13

	nodeInput, nodeOutput, nodeName, nodeOp, nodeAttr, nodeDomain = 1, 2, 3, 4, 5, 7

	attrName, attrF, attrI, attrS, attrT, attrG, attrFloats, attrInts, attrStrings, attrType = 1, 2, 3, 4, 5, 6, 7, 8, 9, 20

	tensorDims, tensorType, tensorFloats, tensorInt32s, tensorStrings, tensorInt64s, tensorName, tensorRaw = 1, 2, 4, 5, 6, 7, 8, 9
	tensorDoubles, tensorUint64s, tensorExternal, tensorLocation                                           = 10, 11, 13, 14
)

// attr is an attribute of a node: one of its fields by kind.
type attr struct {
	name string
	v    any // int, float32, string, []int64, []float32, []string, *tensor.Tensor, or a graph as *protowire.Message
}

func (e *encoder) attribute(a attr) *protowire.Message {
	m := &protowire.Message{}
	m.String(attrName, a.name)
	kind := int64(0)
	switch v := a.v.(type) {
	case float32:
		m.Float(attrF, v)
		kind = 1
	case int:
		m.Int(attrI, int64(v))
		kind = 2
	case string:
		m.String(attrS, v)
		kind = 3
	case *tensor.Tensor:
		m.Message(attrT, e.tensorProto("", v))
		kind = 4
	case *protowire.Message:
		m.Message(attrG, v)
		kind = 5
	case []float32:
		m.Floats(attrFloats, v)
		kind = 6
	case []int64:
		m.Ints(attrInts, v)
		kind = 7
	case []string:
		for _, s := range v {
			m.String(attrStrings, s)
		}
		kind = 8
	}
	m.Int(attrType, kind)
	return m
}

// tensorProto describes a constant; its elements are written when the model is.
func (e *encoder) tensorProto(name string, t *tensor.Tensor) *protowire.Message {
	m := &protowire.Message{}
	for _, d := range t.Shape {
		m.Int(tensorDims, int64(d))
	}
	elem := e.elem(t.DType)
	m.Int(tensorType, int64(elem))
	if elem == elemString {
		for _, s := range t.Str {
			m.String(tensorStrings, s)
		}
	}
	if name != "" {
		m.String(tensorName, name)
	}
	if elem != elemString {
		m.Raw(tensorRaw, t.Len()*elemSize(elem), func(w io.Writer) error { return writeElements(w, t, elem) })
	}
	return m
}

func elemSize(elem int) int {
	switch elem {
	case elemDouble, elemInt64, elemUint64:
		return 8
	case elemFloat, elemInt32, elemUint32:
		return 4
	case elemInt16, elemUint16, elemHalf:
		return 2
	}
	return 1
}

// writeElements writes little-endian elements in pieces.
func writeElements(w io.Writer, t *tensor.Tensor, elem int) error {
	size, n := elemSize(elem), t.Len()
	buf := make([]byte, 0, min(n*size, 1<<16))
	for from := 0; from < n; {
		to := min(n, from+(1<<16)/size)
		switch elem {
		case elemDouble:
			for _, v := range t.F64[from:to] {
				buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(v))
			}
		case elemFloat:
			for i := from; i < to; i++ {
				f, _ := t.Float(i)
				buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(float32(f)))
			}
		case elemBool:
			buf = append(buf, t.U8[from:to]...)
		default:
			for _, v := range t.I64[from:to] {
				for b := range size {
					buf = append(buf, byte(v>>(8*b)))
				}
			}
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		buf, from = buf[:0], to
	}
	return nil
}

// anyDim is a dimension that only the run knows.
const anyDim = -2

// valueInfo names a value; a dimension of -1 is the free number of rows.
func valueInfo(name string, elem int, shape []int) *protowire.Message {
	var dims, tt, typ, m protowire.Message
	for _, d := range shape {
		var dim protowire.Message
		switch {
		case d == graph.N:
			dim.String(2, "N")
		case d >= 0:
			dim.Int(1, int64(d))
		}
		dims.Message(1, &dim)
	}
	tt.Int(1, int64(elem))
	tt.Message(2, &dims)
	typ.Message(1, &tt)
	m.String(1, name)
	m.Message(2, &typ)
	return &m
}
