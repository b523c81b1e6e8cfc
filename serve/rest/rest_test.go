package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/serve"
)

// expected is what scikit-learn computed for the passengers when it fitted the model.
type expected struct {
	Classes []string    `json:"classes"`
	Predict []string    `json:"predict"`
	Proba   [][]float64 `json:"predict_proba"`
}

func titanic(t *testing.T, o serve.Options) (*serve.Server, expected, []string) {
	t.Helper()
	m, err := larder.Open(fixture.Path(t, "../cmd/larder/quickstart/titanic.joblib"))
	if err != nil {
		t.Fatal(err)
	}
	hosted, err := serve.NewModel("titanic", "1", m)
	if err != nil {
		t.Fatal(err)
	}
	s := serve.New(o)
	s.Add(hosted)
	var want expected
	if err := json.Unmarshal(fixture.Read(t, "../cmd/larder/quickstart/expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	csv := strings.TrimSpace(string(fixture.Read(t, "../cmd/larder/quickstart/passengers.csv")))
	return s, want, strings.Split(csv, "\n")
}

func ask(t *testing.T, url, kind, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.Post(url, kind, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatalf("%s: %v: %s", url, err, b)
	}
	return r.StatusCode, out
}

func TestInvocationsAnswerInEveryFormOfMLflow(t *testing.T) {
	s, want, lines := titanic(t, serve.Options{})
	srv := httptest.NewServer(s.Guard(Handler(s)))
	defer srv.Close()
	cols := `["pclass","sex","age","fare","embarked"]`
	for name, body := range map[string]string{
		"dataframe_split":   `{"dataframe_split":{"columns":` + cols + `,"index":[0,1],"data":[[3,"male",38.0,7.8958,"S"],[1,"female",39.0,55.9,"S"]]}}`,
		"dataframe_records": `{"dataframe_records":[{"pclass":3,"sex":"male","age":38.0,"fare":7.8958,"embarked":"S"},{"pclass":1,"sex":"female","age":39,"fare":55.9,"embarked":"S"}]}`,
		"instances":         `{"instances":[{"embarked":"S","pclass":3,"sex":"male","age":38.0,"fare":7.8958},{"pclass":1,"sex":"female","age":39,"fare":55.9,"embarked":"S"}]}`,
		"inputs":            `{"inputs":{"pclass":[3,1],"sex":["male","female"],"age":[38.0,39.0],"fare":[7.8958,55.9],"embarked":["S","S"]}}`,
	} {
		code, got := ask(t, srv.URL+"/invocations", "application/json", body)
		if code != 200 || fmt.Sprint(got["predictions"]) != fmt.Sprint(want.Predict[:2]) {
			t.Errorf("%s: %d %v, want %v", name, code, got, want.Predict[:2])
		}
	}
	code, got := ask(t, srv.URL+"/invocations?method=predict_proba", "text/csv", strings.Join(lines, "\n"))
	rows, _ := got["predictions"].([]any)
	if code != 200 || len(rows) != len(want.Proba) {
		t.Fatalf("csv: %d, %d rows of %d", code, len(rows), len(want.Proba))
	}
	for i, r := range rows {
		if p := r.([]any); p[0].(float64) != want.Proba[i][0] || p[1].(float64) != want.Proba[i][1] {
			t.Fatalf("row %d: %v, want %v", i, p, want.Proba[i])
		}
	}
}

func TestInferSpeaksOpenInference(t *testing.T) {
	s, want, _ := titanic(t, serve.Options{})
	srv := httptest.NewServer(s.Guard(Handler(s)))
	defer srv.Close()
	body := `{"id":"a1","inputs":[
		{"name":"sex","shape":[2,1],"datatype":"BYTES","data":["male","female"]},
		{"name":"pclass","shape":[2],"datatype":"INT64","data":[3,1]},
		{"name":"age","shape":[2],"datatype":"FP64","data":[38,39]},
		{"name":"fare","shape":[2],"datatype":"FP64","data":[7.8958,55.9]},
		{"name":"embarked","shape":[2],"datatype":"BYTES","data":["S","S"]}],
		"outputs":[{"name":"predict"},{"name":"predict_proba"}]}`
	for _, path := range []string{"/v2/models/titanic/infer", "/v2/models/titanic/versions/1/infer"} {
		code, got := ask(t, srv.URL+path, "application/json", body)
		if code != 200 || got["id"] != "a1" || got["model_name"] != "titanic" {
			t.Fatalf("%s: %d %v", path, code, got)
		}
		outs := got["outputs"].([]any)
		label, proba := outs[0].(map[string]any), outs[1].(map[string]any)
		if label["datatype"] != "BYTES" || fmt.Sprint(label["data"]) != fmt.Sprint(want.Predict[:2]) {
			t.Errorf("label %v", label)
		}
		if fmt.Sprint(proba["shape"]) != "[2 2]" || proba["data"].([]any)[1].(float64) != want.Proba[0][1] {
			t.Errorf("proba %v, want %v", proba, want.Proba[:2])
		}
	}
	r, err := http.Get(srv.URL + "/v2/models/titanic")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var meta struct {
		Platform string
		Inputs   []struct{ Name, Datatype string }
	}
	if err := json.NewDecoder(r.Body).Decode(&meta); err != nil || len(meta.Inputs) != 5 || meta.Inputs[1].Name != "sex" || meta.Inputs[1].Datatype != "BYTES" {
		t.Errorf("metadata %+v %v", meta, err)
	}
}

func TestV1PredictsAndLists(t *testing.T) {
	s, want, _ := titanic(t, serve.Options{})
	srv := httptest.NewServer(s.Guard(Handler(s)))
	defer srv.Close()
	code, got := ask(t, srv.URL+"/v1/models/titanic:predict", "application/json",
		`{"instances":[{"pclass":3,"sex":"male","age":38.0,"fare":7.8958,"embarked":"S"}]}`)
	if code != 200 || fmt.Sprint(got["predictions"]) != fmt.Sprint(want.Predict[:1]) {
		t.Errorf("%d %v", code, got)
	}
	if code, _ := ask(t, srv.URL+"/v1/models/titanic:explain", "application/json", `{}`); code != 404 {
		t.Errorf("explain: %d", code)
	}
}

func TestBadRequestsAreRefusedPlainly(t *testing.T) {
	s, _, _ := titanic(t, serve.Options{Body: 4096, Rows: 3})
	srv := httptest.NewServer(s.Guard(Handler(s)))
	defer srv.Close()
	one := `{"pclass":3,"sex":"male","age":38.0,"fare":7.8958,"embarked":"S"}`
	for _, c := range []struct {
		path, kind, body string
		code             int
		words            string
	}{
		{"/invocations", "application/json", `{"dataframe_records":[{"pclass":3}]}`, 400, "columns are missing"},
		{"/invocations", "application/json", `{"dataframe_records":[`, 400, ""},
		{"/invocations", "application/json", `{"inputs":[[1]],"instances":[[1]]}`, 400, "exactly one"},
		{"/invocations", "application/json", `{}`, 400, "exactly one"},
		{"/invocations", "application/x-pickle", `x`, 415, "content type"},
		{"/invocations?model=nobody", "application/json", `{}`, 404, "nobody"},
		{"/invocations?method=transform", "text/csv", "pclass\n1\n", 400, "transform"},
		{"/invocations", "application/json", strings.Repeat("[", 100) + strings.Repeat("]", 100), 400, ""},
		{"/invocations", "application/json", `{"dataframe_records":[` + strings.Repeat(one+",", 3) + one + `]}`, 413, "over the limit"},
		{"/invocations", "text/csv", strings.Repeat("x", 5000), 413, ""},
		{"/v2/models/nobody/infer", "application/json", `{}`, 404, ""},
		{"/v2/models/titanic/infer", "application/json", `{"inputs":[{"name":"x","shape":[4000000000],"datatype":"FP64","data":[1]}]}`, 400, ""},
		{"/v2/models/titanic/infer", "application/json", `{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP99","data":[1]}]}`, 400, "FP99"},
		{"/v2/models/titanic/infer", "application/json", `{"inputs":[{"name":"x","shape":[1,5],"datatype":"FP64","data":[1,2]}]}`, 400, "2 values"},
		{"/v1/models/titanic:predict", "application/json", `{"rows":1}`, 400, "instances"},
	} {
		code, got := ask(t, srv.URL+c.path, c.kind, c.body)
		if code != c.code || !strings.Contains(fmt.Sprint(got), c.words) {
			t.Errorf("%s %.60s: %d %v, want %d with %q", c.path, c.body, code, got, c.code, c.words)
		}
	}
}

func TestTokensGuardAllButHealth(t *testing.T) {
	s, _, _ := titanic(t, serve.Options{Tokens: []string{"secret"}})
	srv := httptest.NewServer(s.Guard(Handler(s), Open...))
	defer srv.Close()
	get := func(path, token string) int {
		r, _ := http.NewRequest("GET", srv.URL+path, nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for _, c := range []struct {
		path, token string
		code        int
	}{{"/healthz", "", 200}, {"/v2/models", "", 401}, {"/v2/models", "wrong", 401}, {"/v2/models", "secret", 200}, {"/metrics", "", 401}} {
		if got := get(c.path, c.token); got != c.code {
			t.Errorf("%s with %q: %d, want %d", c.path, c.token, got, c.code)
		}
	}
}

func TestServeDrains(t *testing.T) {
	s, want, _ := titanic(t, serve.Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	slow := make(chan struct{})
	entered := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-slow
		Handler(s).ServeHTTP(w, r)
	})
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln, s.Guard(h)) }()
	answer := make(chan string, 1)
	go func() {
		r, err := http.Post("http://"+ln.Addr().String()+"/invocations", "application/json",
			bytes.NewBufferString(`{"dataframe_records":[{"pclass":3,"sex":"male","age":38.0,"fare":7.8958,"embarked":"S"}]}`))
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		answer <- string(b)
	}()
	<-entered
	stop()
	time.Sleep(20 * time.Millisecond)
	close(slow)
	if got := <-answer; !strings.Contains(got, want.Predict[0]) {
		t.Errorf("the request under way got %s", got)
	}
	if err := <-done; err != nil {
		t.Errorf("serve: %v", err)
	}
	if s.Ready() {
		t.Error("ready after draining")
	}
}

func TestCheckAddress(t *testing.T) {
	for addr, ok := range map[string]bool{"127.0.0.1:8080": true, "localhost:1": true, "[::1]:8080": true, ":8080": false, "0.0.0.0:8080": false, "10.0.0.1:80": false, "nonsense": false} {
		if err := serve.CheckAddress(addr, false, false); (err == nil) != ok {
			t.Errorf("%s: %v", addr, err)
		}
	}
	if serve.CheckAddress("0.0.0.0:80", true, false) != nil || serve.CheckAddress("0.0.0.0:80", false, true) != nil {
		t.Error("tokens or the word did not help")
	}
}
