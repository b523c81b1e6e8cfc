package rows

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/tensor"
)

// records is a structured array as numpy writes one.
func records(descr, shape string, data []byte) []byte {
	head := "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }\n"
	b := append([]byte("\x93NUMPY\x01\x00"), binary.LittleEndian.AppendUint16(nil, uint16(len(head)))...)
	return append(append(b, head...), data...)
}

func TestFieldsOfAStructuredArrayAreColumns(t *testing.T) {
	var data []byte
	for i := range 2 {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(1.5+float64(i)))
		data = binary.BigEndian.AppendUint32(data, uint32(7+i))
	}
	tab, err := parseNPY(records("[('b', '<f8'), ('a', '>i4')]", "(2,)", data))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(tab.Names, " ") != "b a" || tab.N != 2 || !tab.Typed || tab.Columns[0].Tensor.F64[1] != 2.5 || tab.Columns[1].Tensor.I64[0] != 7 {
		t.Errorf("%+v", tab)
	}
	tab, err = parseNPY(records("[('b', '<f8'), ('s', '<f4', (1,))]", "(2,)", data))
	if err != nil || tab.Columns[0].Err != nil || tab.Columns[1].Err == nil {
		t.Errorf("a field of several values: %+v, %v", tab, err)
	}
	for shape, d := range map[string][]byte{"(1, 2)": data, "()": data[:12], "(9000000000000000,)": nil} {
		descr := "[('b', '<f8'), ('a', '>i4')]"
		if d == nil {
			descr = "[('b', 'S0')]"
		}
		if _, err := parseNPY(records(descr, shape, d)); err == nil {
			t.Errorf("shape %s is read", shape)
		}
	}
}

func TestSparseFormatsOfScipy(t *testing.T) {
	ints := func(v ...int64) *pyobj.Array {
		a, err := toArray(tensor.FromI64(v))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	file := func(format string, shape, data *pyobj.Array, names string, more ...*pyobj.Array) (*Table, error) {
		var b bytes.Buffer
		f := &pyobj.Array{DType: &pyobj.DType{Kind: 'S', Size: 3, Order: '|'}, Shape: []int{}, Data: []byte(format), Offset: -1}
		if err := writeNPZ(&b, append([]string{"format", "shape", "data"}, strings.Fields(names)...), append([]*pyobj.Array{f, shape, data}, more...)); err != nil {
			t.Fatal(err)
		}
		return parseNPZ(b.Bytes())
	}
	diagonals := ints(1, 2)
	diagonals.Shape = []int{1, 2}
	// Each is [[0, 1], [0, 2]] but the last, whose diagonal leads out of the matrix.
	for format, of := range map[string]func() (*Table, error){
		"csr": func() (*Table, error) {
			return file("csr", ints(2, 2), ints(1, 2), "indptr indices", ints(0, 1, 2), ints(1, 1))
		},
		"csc": func() (*Table, error) {
			return file("csc", ints(2, 2), ints(1, 2), "indptr indices", ints(0, 0, 2), ints(0, 1))
		},
		"coo": func() (*Table, error) { return file("coo", ints(2, 2), ints(1, 2), "row col", ints(0, 1), ints(1, 1)) },
		"dia": func() (*Table, error) {
			return file("dia", ints(2, 2), diagonals, "offsets", ints(1))
		},
	} {
		tab, err := of()
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		want := []int64{0, 1, 0, 2}
		if format == "dia" {
			want = []int64{0, 2, 0, 0}
		}
		got := tab.Value.CSR.Dense()
		for i, w := range want {
			if got.I64[i] != w {
				t.Errorf("%s: %v", format, got.I64)
				break
			}
		}
	}
	if _, err := file("bsr", ints(2, 2), ints(1), "indptr indices", ints(0, 1), ints(0)); err == nil {
		t.Error("bsr is read")
	}
	if _, err := file("coo", ints(1<<60, 2), ints(1), "row col", ints(0), ints(0)); err == nil {
		t.Error("2^60 rows of one entry are read")
	}
}
