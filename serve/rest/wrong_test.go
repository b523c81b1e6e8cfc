package rest

import (
	"fmt"
	"math"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/serve"
	"github.com/larder-ml/larder/tensor"
)

// takenAsJSON are wrong inputs that a request is free to bring, since JSON has neither numpy's types nor an order of names.
var takenAsJSON = map[string]string{
	"columns in another order":             "columns are found by name",
	"an extra column":                      "columns are found by name, others are left out with a note",
	"sparse rows for GaussianNB":           "JSON is dense",
	"sparse rows for a process":            "JSON is dense",
	"sparse rows for a dense model":        "JSON is dense",
	"sparse rows for a tree of neighbours": "JSON is dense",
	"sparse rows to be centred":            "JSON is dense",
	"sparse rows for MinMaxScaler":         "JSON is dense",
	"an array where columns go by name":    "the model's names are given to a row in their order",
	"bytes that are not in the encoding":   "JSON holds text",
}

// TestWrongInputsOverHTTP gives the wrong inputs of docs/WRONG-INPUTS.md to a server, in each protocol that can say them: what
// scikit-learn refuses is the client's error, in words, never an answer and never the server's.
func TestWrongInputsOverHTTP(t *testing.T) {
	paths, err := golden.CasePaths(fixture.Path(t, "wrong"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no cases", err)
	}
	asked, refused, words := 0, 0, 0
	answered := map[string]bool{}
	for _, p := range paths {
		c, err := golden.ReadCase(p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := larder.Open(c.ModelPath())
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		hosted, err := serve.NewModel("m", "1", m)
		if err != nil {
			continue // one that computes nothing is not served
		}
		s := serve.New(serve.Options{})
		s.Add(hosted)
		srv := httptest.NewServer(s.Guard(Handler(s)))
		for i := range c.Outputs {
			out := &c.Outputs[i]
			in := c.Inputs[out.Input].Rows()
			for path, body := range requests(in, out.Method) {
				code, got := ask(t, srv.URL+path, "application/json", body)
				asked++
				message := fmt.Sprint(got["message"], got["error"])
				_, theirs, _ := strings.Cut(out.Refusal, ": ")
				_, free := takenAsJSON[out.Input]
				if code == 200 && out.Refusal != "" {
					answered[out.Input] = true
				}
				switch {
				case code >= 500:
					t.Errorf("%s: %q %s: %d %s", c.Name, out.Input, path, code, message)
				case out.Refusal != "" && code == 200 && !free:
					t.Errorf("%s: %q %s: scikit-learn refuses (%s), the server answers %v", c.Name, out.Input, path, out.Refusal, got)
				case code != 200:
					if refused++; len(message) < 12 {
						t.Errorf("%s: %q %s: %d %q", c.Name, out.Input, path, code, message)
					}
					if n := min(len(theirs), 60); n > 0 && strings.Contains(message, theirs[:n]) {
						words++
					}
				}
			}
		}
		srv.Close()
	}
	for kind, why := range takenAsJSON {
		if !answered[kind] {
			t.Errorf("%q is refused now, though %s: strike it out", kind, why)
		}
	}
	t.Logf("%d requests, %d refused, %d in scikit-learn's words", asked, refused, words)
	if refused < 200 {
		t.Errorf("%d refused", refused)
	}
}

// requests are the bodies that say rows, by the path they are posted to.
func requests(v tensor.Value, method string) map[string]string {
	data := string(rows.AppendValue(nil, v))
	if v.Frame != nil && v.Frame.Names != nil {
		split := fmt.Sprintf(`{"columns":%s,"data":%s}`, rows.AppendTensor(nil, tensor.FromStr(v.Frame.Names)), data)
		return map[string]string{
			"/invocations":         fmt.Sprintf(`{"dataframe_split":%s,"params":{"method":%q}}`, split, method),
			"/v1/models/m:predict": fmt.Sprintf(`{"inputs":%s,"method":%q}`, split, method),
		}
	}
	out := map[string]string{
		"/invocations":         fmt.Sprintf(`{"inputs":%s,"params":{"method":%q}}`, data, method),
		"/v1/models/m:predict": fmt.Sprintf(`{"instances":%s,"method":%q}`, data, method),
	}
	if x := v.Dense; x != nil && x.DType == tensor.Float64 {
		for _, f := range x.F64 {
			if math.IsNaN(f) || math.IsInf(f, 0) {
				return out
			}
		}
		out["/v2/models/m/infer"] = fmt.Sprintf(`{"outputs":[{"name":%q}],"inputs":[{"name":"X","shape":%s,"datatype":"FP64","data":%s}]}`,
			method, strings.ReplaceAll(fmt.Sprint(x.Shape), " ", ","), rows.AppendTensor(nil, x.Reshape(x.Len())))
	}
	return out
}
