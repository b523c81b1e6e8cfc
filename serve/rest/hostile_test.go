package rest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/serve"
)

// TestBodiesUnderWayAreBounded holds one request's body back and sends another that no longer fits beside it.
func TestBodiesUnderWayAreBounded(t *testing.T) {
	s, _, _ := titanic(t, serve.Options{Body: 1000, Bodies: 1500})
	srv := httptest.NewServer(s.Guard(Handler(s)))
	defer srv.Close()
	r, w := io.Pipe()
	first := make(chan int, 1)
	go func() {
		resp, err := http.Post(srv.URL+"/invocations", "application/json", r) // chunked: promises the most there is
		if err != nil {
			first <- 0
			return
		}
		resp.Body.Close()
		first <- resp.StatusCode
	}()
	if _, err := io.WriteString(w, " "); err != nil {
		t.Fatal(err)
	}
	body := `{"dataframe_records":[{"pclass":3,"sex":"male","age":38.0,"fare":7.8958,"embarked":"S"}]}`
	big := body + strings.Repeat(" ", 900-len(body))
	code := 0
	for range 100 {
		if code, _ = ask(t, srv.URL+"/invocations", "application/json", big); code == http.StatusServiceUnavailable {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if code != http.StatusServiceUnavailable {
		t.Errorf("a body over the sum: %d", code)
	}
	if code, _ = ask(t, srv.URL+"/invocations", "application/json", body); code != http.StatusOK {
		t.Errorf("a small body beside the big one: %d", code)
	}
	if _, err := io.WriteString(w, body); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if got := <-first; got != http.StatusOK {
		t.Errorf("the body that was held back: %d", got)
	}
	if code, _ = ask(t, srv.URL+"/invocations", "application/json", big); code != http.StatusOK {
		t.Errorf("after it: %d", code)
	}
}

// FuzzBodies sends any body to every protocol: an answer or a refusal, never a failure of the server.
func FuzzBodies(f *testing.F) {
	for _, b := range []string{
		`{"dataframe_records":[{"pclass":3,"sex":"male","age":38.0,"fare":7.8958,"embarked":"S"}]}`, `{"dataframe_split":{"columns":["a"],"data":[[1]]}}`,
		`{"instances":[[3,"male",38,7,"S"]]}`, `{"inputs":{"pclass":[3]}}`, `{"inputs":[{"name":"X","shape":[1,4],"datatype":"FP64","data":[1,2,3,4]}]}`,
		`{"inputs":[{"name":"X","shape":[1,4],"datatype":"BYTES","data":["a",null,"",""]}],"outputs":[{"name":"apply"}]}`, `{"instances":[[1,2,3,4]]}`,
		`{"instances":["a"]}`, `{"instances":[]}`, `{"inputs":[]}`, `{"instances":[[1e999,-1e999,null,true]]}`, `{"instances":[[]]}`, `[1]`, ``, `{`,
		"pclass,sex\n1,2\n", `{"inputs":[{"name":"X","shape":[0,4],"datatype":"FP32","data":[]}]}`, `{"inputs":[{"name":"pclass","shape":[1],"datatype":"INT64","data":[1]},{"name":"sex","shape":[1],"datatype":"BYTES","data":["male"]}]}`,
	} {
		f.Add(b)
	}
	s := serve.New(serve.Options{})
	for name, path := range map[string]string{"titanic": "../cmd/larder/quickstart/titanic.joblib", "forest": "sklearn/1.9.1/RandomForestClassifier.joblib",
		"text": "sklearn/1.9.1/CountVectorizer.pkl", "labels": "sklearn/1.9.1/LabelEncoder.joblib", "mapping": "sklearn/1.9.1/DictVectorizer.pkl"} {
		m, err := larder.Open(fixture.Path(f, path))
		if err != nil {
			f.Fatal(err)
		}
		hosted, err := serve.NewModel(name, "1", m)
		if err != nil {
			f.Fatal(err)
		}
		s.Add(hosted)
	}
	h := s.Guard(Handler(s))
	f.Fuzz(func(t *testing.T, body string) {
		for _, name := range []string{"titanic", "forest", "text", "labels", "mapping"} {
			for path, kind := range map[string]string{"/invocations?model=" + name: "application/json", "/v1/models/" + name + ":predict": "application/json",
				"/v2/models/" + name + "/infer": "application/json", "/models/" + name + "/invocations": "text/csv"} {
				r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
				r.Header.Set("Content-Type", kind)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code >= 500 {
					t.Errorf("%s: %d %s for %q", path, w.Code, w.Body, body)
				}
			}
		}
	})
}
