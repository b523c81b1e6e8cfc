package rest

import (
	"fmt"
	"math"
	"net/http"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/jsonread"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/serve"
	"github.com/larder-ml/larder/tensor"
)

// routesV2 adds the Open Inference Protocol.
func (a *api) routesV2(mux *http.ServeMux) {
	mux.HandleFunc("GET /v2", func(w http.ResponseWriter, _ *http.Request) {
		send(w, http.StatusOK, []byte(`{"name":"larder","version":"2","extensions":["model_repository"]}`+"\n"))
	})
	mux.HandleFunc("GET /v2/health/live", func(w http.ResponseWriter, _ *http.Request) {
		send(w, http.StatusOK, []byte("{\"live\":true}\n"))
	})
	mux.HandleFunc("GET /v2/health/ready", func(w http.ResponseWriter, _ *http.Request) {
		if !a.s.Ready() {
			send(w, http.StatusServiceUnavailable, []byte("{\"ready\":false}\n"))
			return
		}
		send(w, http.StatusOK, []byte("{\"ready\":true}\n"))
	})
	mux.HandleFunc("POST /v2/repository/index", a.index)
	mux.HandleFunc("GET /v2/models", a.index)
	for _, p := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		mux.HandleFunc("GET "+p, a.withModel(a.metadata))
		mux.HandleFunc("GET "+p+"/ready", a.withModel(func(w http.ResponseWriter, _ *http.Request, m *serve.Model) {
			send(w, http.StatusOK, append(rows.AppendString([]byte(`{"name":`), m.Name), ",\"ready\":true}\n"...))
		}))
		mux.HandleFunc("POST "+p+"/infer", a.withModel(a.infer))
	}
}

func (a *api) withModel(f func(http.ResponseWriter, *http.Request, *serve.Model)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m, err := a.s.Model(r.PathValue("model"), r.PathValue("version"))
		if err != nil {
			fail(w, status(err), err)
			return
		}
		f(w, r, m)
	}
}

func (a *api) index(w http.ResponseWriter, _ *http.Request) {
	b := []byte{'['}
	for i, m := range a.s.Models() {
		if i > 0 {
			b = append(b, ',')
		}
		b = rows.AppendString(append(b, `{"name":`...), m.Name)
		b = rows.AppendString(append(b, `,"version":`...), m.Version)
		b = append(b, `,"state":"READY"}`...)
	}
	send(w, http.StatusOK, append(b, "]\n"...))
}

// metadata describes a model: one input per named column where the model was fitted with names, else one matrix; one output
// per method.
func (a *api) metadata(w http.ResponseWriter, _ *http.Request, m *serve.Model) {
	b := rows.AppendString([]byte(`{"name":`), m.Name)
	b = append(b, `,"versions":[`...)
	for i, v := range a.s.Versions(m.Name) {
		if i > 0 {
			b = append(b, ',')
		}
		b = rows.AppendString(b, v.Version)
	}
	b = append(b, `],"platform":"sklearn","inputs":[`...)
	want := m.Want(m.DefaultMethod())
	switch {
	case want.Form == larder.FormTable && want.Names != nil:
		for i, c := range want.Columns {
			if i > 0 {
				b = append(b, ',')
			}
			b = rows.AppendString(append(b, `{"name":`...), want.Names[i])
			b = fmt.Appendf(b, `,"datatype":"%s","shape":[-1]}`, columnType(c))
		}
	case want.Form == larder.FormTable:
		width := len(want.Columns)
		if width == 0 {
			width = -1
		}
		b = fmt.Appendf(b, `{"name":"X","datatype":"FP64","shape":[-1,%d]}`, width)
	default:
		b = append(b, `{"name":"X","datatype":"BYTES","shape":[-1]}`...)
	}
	b = append(b, `],"outputs":[`...)
	for i, method := range m.Methods() {
		if i > 0 {
			b = append(b, ',')
		}
		b = rows.AppendString(append(b, `{"name":`...), method)
		b = fmt.Appendf(b, `,"datatype":"%s","shape":[-1]}`, methodType(m, method))
	}
	send(w, http.StatusOK, append(b, "]}\n"...))
}

func columnType(c *larder.InputColumn) string {
	switch {
	case c == nil || c.DType == tensor.Invalid || c.DType.IsFloat():
		return "FP64"
	case c.DType.IsInt():
		return "INT64"
	case c.DType == tensor.Bool:
		return "BOOL"
	}
	return "BYTES"
}

func methodType(m *serve.Model, method string) string {
	switch method {
	case "predict":
		if c := m.Classes(); len(c) > 0 {
			return datatype(c[0].DType)
		}
	case "apply":
		return "INT64"
	}
	return "FP64"
}

func datatype(d tensor.DType) string {
	switch d {
	case tensor.Float64:
		return "FP64"
	case tensor.Float32:
		return "FP32"
	case tensor.Float16:
		return "FP16"
	case tensor.Bool:
		return "BOOL"
	case tensor.String, tensor.Object:
		return "BYTES"
	}
	names := map[tensor.DType]string{tensor.Int64: "INT64", tensor.Int32: "INT32", tensor.Int16: "INT16", tensor.Int8: "INT8",
		tensor.Uint64: "UINT64", tensor.Uint32: "UINT32", tensor.Uint16: "UINT16", tensor.Uint8: "UINT8"}
	return names[d]
}

// inferInput is one tensor of a request.
type inferInput struct {
	name, datatype string
	shape          []int
	raw            []byte
}

// infer answers /infer. Outputs name the methods wanted; without any it is the default method.
func (a *api) infer(w http.ResponseWriter, r *http.Request, m *serve.Model) {
	j, err := a.jsonBody(r)
	if err != nil {
		fail(w, status(err), err)
		return
	}
	id, inputs, outputs, err := inferRequest(j)
	if err != nil {
		fail(w, status(err), err)
		return
	}
	t, err := a.inferTable(inputs)
	if err != nil {
		fail(w, status(err), err)
		return
	}
	if len(outputs) == 0 {
		outputs = []string{m.DefaultMethod()}
	}
	b := rows.AppendString([]byte(`{"model_name":`), m.Name)
	b = rows.AppendString(append(b, `,"model_version":`...), m.Version)
	if id != "" {
		b = rows.AppendString(append(b, `,"id":`...), id)
	}
	b = append(b, `,"outputs":[`...)
	for i, method := range outputs {
		res, _, err := a.s.Run(r.Context(), m, method, t)
		if err != nil {
			fail(w, status(err), err)
			return
		}
		for k, o := range res.Outputs {
			if i > 0 || k > 0 {
				b = append(b, ',')
			}
			name := method
			if len(res.Outputs) > 1 {
				name = o.Name
			}
			if b, err = appendOutput(b, name, o.Value); err != nil {
				fail(w, http.StatusBadRequest, err)
				return
			}
		}
	}
	send(w, http.StatusOK, append(b, "]}\n"...))
}

func inferRequest(j *jsonread.Reader) (id string, inputs []inferInput, outputs []string, err error) {
	for j.Object(); j.More(); {
		switch key := j.Key(); key {
		case "id":
			id = j.Text()
		case "inputs":
			for j.Array(); j.More(); {
				var in inferInput
				for j.Object(); j.More(); {
					switch j.Key() {
					case "name":
						in.name = j.Text()
					case "datatype":
						in.datatype = j.Text()
					case "shape":
						for j.Array(); j.More(); {
							_, n, whole := j.Number()
							if !whole || n < 0 || n > math.MaxInt32 {
								j.Fail("a shape holds something other than sizes")
							}
							in.shape = append(in.shape, int(n))
						}
					case "data":
						in.raw = j.Raw()
					default:
						j.Skip()
					}
				}
				inputs = append(inputs, in)
			}
		case "outputs":
			for j.Array(); j.More(); {
				for j.Object(); j.More(); {
					if j.Key() == "name" {
						outputs = append(outputs, j.Text())
					} else {
						j.Skip()
					}
				}
			}
		default:
			j.Skip()
		}
	}
	if err := j.End(); err != nil {
		return "", nil, nil, err
	}
	if len(inputs) == 0 {
		return "", nil, nil, &badRequest{"the request holds no inputs"}
	}
	if len(outputs) > 16 {
		return "", nil, nil, &badRequest{"more than 16 outputs are asked for"}
	}
	return id, inputs, outputs, nil
}

// inferTable makes rows of the request's tensors: one matrix, one vector of texts, or one named column each.
func (a *api) inferTable(inputs []inferInput) (*rows.Table, error) {
	if len(inputs) == 1 {
		t, err := a.inferTensor(&inputs[0])
		if err != nil {
			return nil, err
		}
		if len(t.Shape) == 1 && t.DType != tensor.String {
			return named(inputs, []*tensor.Tensor{t})
		}
		return &rows.Table{Value: &tensor.Value{Dense: t}, N: t.Rows()}, nil
	}
	cols := make([]*tensor.Tensor, len(inputs))
	for i := range inputs {
		t, err := a.inferTensor(&inputs[i])
		if err != nil {
			return nil, err
		}
		if len(t.Shape) > 2 || t.Cols() != 1 {
			return nil, &badRequest{fmt.Sprintf("input %q of shape %v is no column: several inputs are one column each", inputs[i].name, t.Shape)}
		}
		cols[i] = t.Reshape(t.Len())
	}
	return named(inputs, cols)
}

func named(inputs []inferInput, cols []*tensor.Tensor) (*rows.Table, error) {
	out, seen := &rows.Table{N: cols[0].Len()}, make(map[string]bool, len(inputs))
	for i, c := range cols {
		if c.Len() != out.N {
			return nil, &badRequest{fmt.Sprintf("input %q has %d rows, %q has %d", inputs[i].name, c.Len(), inputs[0].name, out.N)}
		}
		if seen[inputs[i].name] {
			return nil, &badRequest{fmt.Sprintf("input %q stands twice", inputs[i].name)}
		}
		seen[inputs[i].name] = true
		out.Names = append(out.Names, inputs[i].name)
		out.Columns = append(out.Columns, rows.Column{Tensor: c})
	}
	return out, nil
}

// inferTensor reads the data of an input, flat or nested, as its datatype says.
func (a *api) inferTensor(in *inferInput) (*tensor.Tensor, error) {
	size := 1
	for _, d := range in.shape {
		if d != 0 && size > math.MaxInt32/d {
			return nil, &badRequest{fmt.Sprintf("input %q: shape %v is too large", in.name, in.shape)}
		}
		size *= d
	}
	if in.raw == nil || len(in.shape) == 0 || len(in.shape) > 2 {
		return nil, &badRequest{fmt.Sprintf("input %q: data and a shape of one or two sizes are wanted", in.name)}
	}
	if size > len(in.raw) {
		return nil, &badRequest{fmt.Sprintf("input %q: shape %v is more than its data", in.name, in.shape)}
	}
	dt, ok := map[string]tensor.DType{"FP64": tensor.Float64, "FP32": tensor.Float32, "FP16": tensor.Float32, "INT64": tensor.Int64, "INT32": tensor.Int64,
		"INT16": tensor.Int64, "INT8": tensor.Int64, "UINT64": tensor.Int64, "UINT32": tensor.Int64, "UINT16": tensor.Int64, "UINT8": tensor.Int64,
		"BOOL": tensor.Bool, "BYTES": tensor.String}[in.datatype]
	if !ok {
		return nil, &badRequest{fmt.Sprintf("input %q: datatype %q is not known", in.name, in.datatype)}
	}
	lo, hi := bounds(in.datatype)
	t := tensor.New(dt, in.shape...)
	j := jsonread.New(in.raw, a.s.Options().Depth)
	n, missing := 0, false
	var read func()
	read = func() {
		if j.Kind() == jsonread.Array {
			for j.Array(); j.More(); {
				read()
			}
			return
		}
		if n >= size {
			j.Fail("more data than shape %v holds", in.shape)
			return
		}
		switch dt {
		case tensor.String:
			if j.Kind() == jsonread.Null {
				j.Null()
				missing = true
				t.Str[n] = "\x00null"
			} else {
				t.Str[n] = j.Text()
			}
		case tensor.Bool:
			if j.Bool() {
				t.U8[n] = 1
			}
		case tensor.Int64:
			_, i, whole := j.Number()
			if !whole || i < lo || i > hi {
				j.Fail("%s wants whole numbers from %d to %d", in.datatype, lo, hi)
			}
			t.I64[n] = i
		default:
			f := math.NaN()
			if j.Kind() == jsonread.Null {
				j.Null()
			} else {
				f, _, _ = j.Number()
			}
			if dt == tensor.Float32 {
				t.F32[n] = float32(f)
			} else {
				t.F64[n] = f
			}
		}
		n++
	}
	read()
	if err := j.End(); err != nil {
		return nil, &badRequest{fmt.Sprintf("input %q: %v", in.name, err)}
	}
	if n != size {
		return nil, &badRequest{fmt.Sprintf("input %q: %d values for shape %v", in.name, n, in.shape)}
	}
	if missing {
		cells := make([]tensor.Cell, n)
		for i, s := range t.Str {
			if s != "\x00null" {
				cells[i] = tensor.StrCell(s)
			}
		}
		t = tensor.FromCells(cells, in.shape...)
	}
	return t, nil
}

// bounds are the least and the greatest number of an integer type; of UINT64 half is taken.
func bounds(datatype string) (lo, hi int64) {
	switch datatype {
	case "INT32":
		return math.MinInt32, math.MaxInt32
	case "INT16":
		return math.MinInt16, math.MaxInt16
	case "INT8":
		return math.MinInt8, math.MaxInt8
	case "UINT64":
		return 0, math.MaxInt64
	case "UINT32":
		return 0, math.MaxUint32
	case "UINT16":
		return 0, math.MaxUint16
	case "UINT8":
		return 0, math.MaxUint8
	}
	return math.MinInt64, math.MaxInt64
}

// appendOutput writes one tensor of an answer, its data flat.
func appendOutput(b []byte, name string, v tensor.Value) ([]byte, error) {
	t := v.Dense
	switch {
	case v.CSR != nil:
		t = v.CSR.Dense()
	case v.Frame != nil:
		t = tensor.New(tensor.Object, v.Frame.N, len(v.Frame.Columns))
		for i := range v.Frame.N {
			for k, c := range v.Frame.Columns {
				t.Cells[i*len(v.Frame.Columns)+k] = c.Cell(i)
			}
		}
	}
	if t == nil {
		return nil, &badRequest{name + ": the result is no array; ask for it over /invocations"}
	}
	b = rows.AppendString(append(b, `{"name":`...), name)
	b = append(b, `,"shape":[`...)
	for i, d := range t.Shape {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Append(b, d)
	}
	b = fmt.Appendf(b, `],"datatype":"%s","data":`, datatype(t.DType))
	b = rows.AppendTensor(b, t.Reshape(t.Len()))
	return append(b, '}'), nil
}
