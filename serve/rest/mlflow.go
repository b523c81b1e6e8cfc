package rest

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/jsonread"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/serve"
)

// invocations is MLflow's scoring endpoint. Beside MLflow's own forms, params may name the method: {"method":
// "predict_proba"}. The model is the only one served, the one in the path, or the one ?model= names.
func (a *api) invocations(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("model")
	if name == "" {
		name = r.URL.Query().Get("model")
	}
	m, err := a.s.Model(name, r.URL.Query().Get("version"))
	if err != nil {
		mlflowError(w, status(err), err)
		return
	}
	t, method, code, err := a.mlflowRows(r, m)
	if err != nil {
		mlflowError(w, code, err)
		return
	}
	res, _, err := a.s.Run(r.Context(), m, method, t)
	if err != nil {
		mlflowError(w, status(err), err)
		return
	}
	send(w, http.StatusOK, append(appendResult([]byte(`{"predictions":`), res), "}\n"...))
}

func mlflowError(w http.ResponseWriter, code int, err error) {
	b := append([]byte(nil), `{"error_code":"`...)
	switch code {
	case http.StatusNotFound:
		b = append(b, "RESOURCE_DOES_NOT_EXIST"...)
	case http.StatusInternalServerError:
		b = append(b, "INTERNAL_ERROR"...)
	default:
		b = append(b, "BAD_REQUEST"...)
	}
	b = rows.AppendString(append(b, `","message":`...), err.Error())
	send(w, code, append(b, "}\n"...))
}

// mlflowRows reads the request of /invocations.
func (a *api) mlflowRows(r *http.Request, m *serve.Model) (t *rows.Table, method string, code int, err error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = r.Header.Get("Content-Type")
	}
	b, err := body(r)
	if err != nil {
		return nil, "", status(err), err
	}
	switch kind {
	case "text/csv":
		method = r.URL.Query().Get("method")
		if t, err = a.csv(b, m); err != nil {
			return nil, "", status(err), err
		}
		return t, method, http.StatusOK, nil
	case "application/json", "application/json-patch+json", "":
	default:
		return nil, "", http.StatusUnsupportedMediaType, fmt.Errorf("content type %q is none of application/json, text/csv", kind)
	}
	j := jsonread.New(b, a.s.Options().Depth)
	found := ""
	for j.Object(); j.More(); {
		switch key := j.Key(); key {
		case "dataframe_split", "dataframe_records", "instances", "inputs":
			if found != "" {
				return nil, "", http.StatusBadRequest, fmt.Errorf("the request holds both %s and %s; exactly one of dataframe_split, dataframe_records, instances and inputs is wanted", found, key)
			}
			found = key
			if t, err = rows.FromJSON(j); err != nil {
				return nil, "", http.StatusBadRequest, err
			}
		case "params":
			for j.Object(); j.More(); {
				switch j.Key() {
				case "method", "predict_method":
					method = j.Text()
				default:
					j.Skip()
				}
			}
		default:
			return nil, "", http.StatusBadRequest, fmt.Errorf("member %q is not known; exactly one of dataframe_split, dataframe_records, instances and inputs is wanted", key)
		}
	}
	if err := j.End(); err != nil {
		return nil, "", http.StatusBadRequest, err
	}
	if found == "" {
		return nil, "", http.StatusBadRequest, fmt.Errorf("exactly one of dataframe_split, dataframe_records, instances and inputs is wanted")
	}
	return t, method, http.StatusOK, nil
}

// spareColumns is how many columns a request may bring that the model does not take.
const spareColumns = 1 << 16

// csv reads a body of text/csv, as many rows as a request may have.
func (a *api) csv(b []byte, m *serve.Model) (*rows.Table, error) {
	width := len(m.Want(m.DefaultMethod()).Columns)
	in, err := rows.NewReader(bytes.NewReader(b), rows.CSV, rows.Options{Columns: width + spareColumns, Chunk: a.s.Options().Rows + 1})
	if err != nil {
		return nil, err
	}
	t, err := rows.ReadUpTo(in, a.s.Options().Rows)
	if err == nil && t.Rows() > a.s.Options().Rows {
		err = &serve.RowsError{Rows: t.Rows(), Max: a.s.Options().Rows}
	}
	return t, err
}

// appendResult writes a result as nested arrays, several outputs as an object by name.
func appendResult(b []byte, r *larder.Result) []byte {
	if len(r.Outputs) == 1 {
		return rows.AppendValue(b, r.Outputs[0].Value)
	}
	b = append(b, '{')
	for i, o := range r.Outputs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(rows.AppendString(b, o.Name), ':')
		b = rows.AppendValue(b, o.Value)
	}
	return append(b, '}')
}
